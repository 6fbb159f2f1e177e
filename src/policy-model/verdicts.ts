/** What a table finds for a request, the callers that it decides about, and the sets of roles that distinguish them. */
import type { AccessRule } from '../core/policy/access.ts';
import { leavesOf } from '../core/policy/role-demand.ts';
import type { Route } from '../core/routing/route.ts';
import type { MethodRefusal, RouteMatch } from '../core/routing/route-table.ts';
import { placedRoles } from './samples/scoped-texts.ts';

/**
 * `anonymous`: no credential, or a rejected one. `unresolved`: a credential that is refused before the Auth API is called, or an
 * unavailable Auth API.
 */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'known'; readonly bits: bigint };

/** How a table matches a method and a path. */
export type Matching = Pick<RouteMatch, 'route' | 'rule'> | MethodRefusal | string;

/** Where a route's sets begin among the bits of a caller. */
export interface Place {
  readonly matching: Matching;
  readonly offset: number;
}

/** The sets that a caller's bits represent, in the order of the bits. */
export function setsOf(matching: Matching): readonly ReadonlySet<string>[] {
  if (typeof matching === 'string' || 'allow' in matching) return [];
  const { rule, route } = matching;
  const conditions = route.conditions ?? [];
  const exempt = conditions.map(({ unless }) => unless ?? none);
  const sets = [...setsOfRule(rule), ...exempt, ...conditions.flatMap(({ only }) => only ?? [])];
  return route.scopes === null ? sets : sets.map((set) => placedRoles(set, route.pattern));
}

export function routeOf(matching: Matching): Route | null {
  return typeof matching === 'string' ? null : matching.route;
}

const none: ReadonlySet<string> = new Set();

export function setsOfRule(rule: AccessRule): readonly ReadonlySet<string>[] {
  return rule.kind === 'roles' ? leavesOf(rule.demand).map(({ roles }) => roles) : [];
}
