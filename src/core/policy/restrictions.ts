/**
 * Policies: restrictions of everything below a prefix, or of a service, in addition to the rules of routes. They are compiled into these
 * routes at load, so a request still meets one rule and one list of conditions. A route can add to a policy but never weaken it.
 */
import type { PathRewrite } from '../forwarding/rewrite-path.ts';
import type { RoutePattern } from '../url/path-pattern.ts';
import { type AccessRule, compileRule, type RouteAccess, ruleFor } from './access.ts';
import type { Criterion } from './conditions.ts';
import type { RoleTable } from './roles.ts';

/** A service, and what routes do with the path for it. A policy for a service is compiled once for each rewrite. */
export interface Destination {
  readonly upstream: string;
  /** Null: the path is unchanged. */
  readonly rewrite: PathRewrite | null;
}

export interface Restriction {
  readonly id: string;
  /** Ends with `**`. */
  readonly pattern: RoutePattern;
  /** The routes for which it is compiled; null: those to any upstream. */
  readonly destination: Destination | null;
  /** Methods without a rule are not restricted; null: none is. */
  readonly access: RouteAccess | null;
  /** Each has the id of the policy, and reads parameters at the positions in the policy's pattern. */
  readonly conditions: readonly Criterion[] | null;
}

/** Who may use a route, and under which conditions. */
export interface RouteRules {
  readonly access: RouteAccess;
  readonly conditions: readonly Criterion[] | null;
}

/** The rules of the route itself, and the policies that restrict it, in the order of the file. */
export interface Restricted {
  readonly own: RouteRules;
  readonly policies: readonly Restriction[];
}

/** The combined rules of the route and the policies, and their origin. */
export function restrict(
  own: RouteRules,
  policies: readonly Restriction[],
  roles: RoleTable,
): RouteRules & { readonly restricted: Restricted | null } {
  if (policies.length === 0) return { ...own, restricted: null };
  const all = [...policies.flatMap((policy) => policy.conditions ?? []), ...(own.conditions ?? [])];
  // Last, so that a caller who is refused anyway need not sign in again.
  const conditions = [...all.filter((one) => !limitsSignIn(one)), ...all.filter(limitsSignIn)];
  const rules = policies.flatMap(({ access }) => access ?? []);
  return {
    access: restrictAccess(own.access, rules, roles),
    conditions: conditions.length === 0 ? null : conditions,
    restricted: { own, policies },
  };
}

function limitsSignIn({ reason }: Criterion): boolean {
  return reason === 'sign_in_too_old' || reason === 'sign_in_too_weak';
}

export function isFor({ destination }: Restriction, route: Destination): boolean {
  if (destination === null) return true;
  return destination.upstream === route.upstream && isSameRewrite(destination.rewrite, route.rewrite);
}

export function isSameRewrite(a: PathRewrite | null, b: PathRewrite | null): boolean {
  return a?.stripPrefix === b?.stripPrefix && a?.addPrefix === b?.addPrefix;
}

export function restrictAccess(access: RouteAccess, others: readonly RouteAccess[], roles: RoleTable): RouteAccess {
  return others.reduce((both, next) => bothAccesses(both, next, roles), access);
}

/** The first decides which methods there are. */
function bothAccesses(own: RouteAccess, other: RouteAccess, roles: RoleTable): RouteAccess {
  const restricted = (rule: AccessRule, by: AccessRule | null) => (by === null ? rule : bothRules(rule, by, roles));
  const methods = [...new Set([...own.byMethod.keys(), ...other.byMethod.keys()])];
  const byMethod = methods.flatMap((method) => {
    const rule = ruleFor(own, method);
    return rule === null ? [] : [[method, restricted(rule, ruleFor(other, method))] as const];
  });
  const every = own.every === null ? null : restricted(own.every, other.every);
  return { every, byMethod: new Map(byMethod), allow: own.allow };
}

/** Rules that restrict only identities with one of the roles. Like any other, they demand an identity. */
export function accessOf(
  names: readonly string[],
  { every, byMethod, allow }: RouteAccess,
  roles: RoleTable,
): RouteAccess {
  const others = { none: names };
  const concerning = (rule: AccessRule): AccessRule => {
    if (rule.kind === 'deny') return compileRule(others, roles);
    return rule.kind === 'roles' ? compileRule({ any: [others, rule.source] }, roles) : rule;
  };
  return {
    every: every === null ? null : concerning(every),
    byMethod: new Map([...byMethod].map(([method, rule]) => [method, concerning(rule)])),
    allow,
  };
}

/** From the least strict to the strictest. */
const demands = [
  'public',
  'optional',
  'authenticated',
  'roles',
  'deny',
] as const satisfies readonly AccessRule['kind'][];

/** Met by identities that meet both. */
export function bothRules(a: AccessRule, b: AccessRule, roles: RoleTable): AccessRule {
  if (a.kind === 'roles' && b.kind === 'roles') return compileRule({ all: [a.source, b.source] }, roles);
  return demands.indexOf(a.kind) >= demands.indexOf(b.kind) ? a : b;
}
