/** Which roles a route has to read in a scope: those of its rules, and those that are exempt from its conditions. */
import { rulesIn } from './access.ts';
import type { RouteRules } from './restrictions.ts';
import { leavesOf } from './role-expression.ts';
import { type ScopedRole, scopedRole } from './role-scopes.ts';

/** Each once; null: none. */
export function scopesOfRoute({ access, conditions }: RouteRules): readonly ScopedRole[] | null {
  const sets = rulesIn(access).flatMap((rule) => (rule.kind === 'roles' ? leavesOf(rule.demand) : []));
  const asked = new Set(sets.flatMap(({ roles }) => [...roles]));
  for (const { unless } of conditions ?? []) for (const role of unless ?? []) asked.add(role);
  const scoped = [...asked].flatMap((role) => scopedRole(role) ?? []);
  return scoped.length === 0 ? null : scoped;
}

/** A route whose rules were changed. */
export function withScopes<R extends RouteRules>(route: R): R & { readonly scopes: readonly ScopedRole[] | null } {
  return { ...route, scopes: scopesOfRoute(route) };
}
