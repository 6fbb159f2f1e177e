/**
 * Scoped roles of a route: those of its rules, and those that its conditions exempt or restrict. They are collected at load, and read in the scope of
 * each request.
 */
import type { Identity } from '../identity/identity.ts';
import { type ScopedRole, scopedRole } from '../identity/scoped-role.ts';
import type { CanonicalRequest, RequestView } from '../request/request-view.ts';
import { rulesIn } from './access.ts';
import { type ConditionFacts, factsOf, type RouteReading } from './conditions.ts';
import type { RouteRules } from './restrictions.ts';
import { leavesOf } from './role-demand.ts';
import { inScope } from './role-scopes.ts';

/** Each once; null: none. */
export function scopesOfRoute({ access, conditions }: RouteRules): readonly ScopedRole[] | null {
  const sets = rulesIn(access).flatMap((rule) => (rule.kind === 'roles' ? leavesOf(rule.demand) : []));
  const names = new Set(sets.flatMap(({ roles }) => [...roles]));
  for (const { unless, only } of conditions ?? [])
    for (const role of [...(unless ?? []), ...(only ?? [])]) names.add(role);
  const scoped = [...names].flatMap((role) => scopedRole(role) ?? []);
  return scoped.length === 0 ? null : scoped;
}

/** A route whose rules were changed. */
export function withScopes<R extends RouteRules>(route: R): R & { readonly scopes: readonly ScopedRole[] | null } {
  return { ...route, scopes: scopesOfRoute(route) };
}

/** The facts for rules and conditions of the route: the identity has the roles that it holds in the scope of the request. */
export function factsInScope(
  view: RequestView,
  {
    route,
    request,
  }: {
    readonly route: RouteReading & { readonly scopes: readonly ScopedRole[] | null };
    readonly request: CanonicalRequest;
  },
  identity: Identity | null,
): ConditionFacts {
  const facts = factsOf(view, request, route, identity);
  if (identity === null || route.scopes === null) return facts;
  return { ...facts, identity: inScope(identity, route.scopes, facts) };
}
