/** Tries every mutant on the tests, and reports those that no test noticed. */
import type { Config } from '../config/config.ts';
import { kindsOf } from '../core/credential/credential.ts';
import type { Policy } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import { compileRoleMapping } from '../core/policy/map-roles.ts';
import { withScopes } from '../core/policy/scopes-of-route.ts';
import { compileRoutes } from '../core/routing/compile-routes.ts';
import { fittingRoutes } from '../core/routing/fitting-routes.ts';
import { insertRoutes } from '../core/routing/insert-routes.ts';
import type { Route } from '../core/routing/route.ts';
import { entriesOf, type RouteTable } from '../core/routing/route-table.ts';
import { isMoreSpecific } from '../core/url/path-pattern.ts';
import {
  type Mutant,
  type PolicyMutant,
  policyMutants,
  type RoleMutant,
  type RouteMutant,
  roleMutants,
  routeMutants,
  withPolicy,
  withRoles,
} from './mutants.ts';
import { decideCase, forwardingOf, type PreparedCase, policyOf, runCase } from './run-cases.ts';
import { differs, maxRoutes } from './verdict-classes.ts';

export interface MutationScore {
  readonly mutants: number;
  /** In the order of the file. */
  readonly survivors: readonly Mutant[];
  /** 0 to 1; 1 if there is nothing to change. */
  readonly score: number;
}

/** `cases`: only those that pass; one that fails anyway would notice everything. */
export function mutationScore(config: Config, cases: readonly PreparedCase[]): MutationScore {
  const rules = forwardingOf(config);
  const policy = policyOf(config);
  const requests = new Map(cases.map((prepared) => [prepared, decideCase(prepared, policy).request]));
  const touched = new Map([...requests].map(([prepared, request]) => [prepared, routesNear(policy.routes, request)]));
  const casesOf = byRoute(touched);
  const notices = (mutated: Policy, asked: readonly PreparedCase[]) =>
    asked.some((prepared) => runCase(prepared, mutated, rules).faults.length > 0);

  const survivesRoute = (mutant: RouteMutant): boolean => {
    const own = mutant.entry.flatMap((route) => casesOf.get(route) ?? []);
    const asked = [...new Set(mutant.reaches ? [...own, ...reachedBy(mutant)] : own)];
    const table = tableWith(
      mutant,
      asked.flatMap((prepared) => touched.get(prepared)!),
    );
    return table === null || !notices({ ...policy, routes: table }, asked);
  };
  const allNear = unique([...touched.values()].flat());
  const survivesRoles = (mutant: RoleMutant): boolean => {
    const table = tableOf(allNear.map((route) => withScopes(withRoles(route, mutant.roles))));
    return (
      table === null ||
      !notices(
        { ...policy, routes: table, roleMapping: compileRoleMapping(mutant.origins, config.roleMapping?.limits) },
        cases,
      )
    );
  };

  const survivesPolicy = (mutant: PolicyMutant): boolean => {
    const below = allNear.filter((route) => route.restricted?.policies.includes(mutant.policy) === true);
    const asked = [...new Set(below.flatMap((route) => casesOf.get(route) ?? []))];
    const near = unique(asked.flatMap((prepared) => touched.get(prepared)!));
    const table = tableOf(near.map((route) => withScopes(withPolicy(route, mutant, config.roles))));
    return table === null || !notices({ ...policy, routes: table }, asked);
  };

  const ofRoutes = entriesOf(config.routes.routes).flatMap((entry) =>
    routeMutants(entry, config.roles, kindsOf(config.credentials)),
  );
  const reachedBy = casesReached(ofRoutes, policy.routes, requests);
  const ofRoles = roleMutants(config.roles, config.roleMapping?.origins ?? []);
  const ofPolicies = policyMutants(config.policies, config.roles);
  const unnoticed: readonly Mutant[] = [
    ...ofRoutes.filter(survivesRoute),
    ...ofRoles.filter(survivesRoles),
    ...ofPolicies.filter(survivesPolicy),
  ];
  // A change without effect cannot be noticed, and does not count.
  const survivors = unnoticed.filter((mutant, index) => index >= maxLookedAt || changesSomething(config, mutant));
  const all = ofRoutes.length + ofRoles.length + ofPolicies.length;
  const mutants = all - (unnoticed.length - survivors.length);
  return { mutants, survivors, score: mutants === 0 ? 1 : (mutants - survivors.length) / mutants };
}

/** Maximum unnoticed changes that are examined one by one. */
const maxLookedAt = 200;

/** Whether a request shows the change; also true if that is unknown. */
function changesSomething(config: Config, mutant: Mutant): boolean {
  // Services may receive derived roles, but not inherited ones.
  const derivesLess = mutant.kind === 'roles' && mutant.origins.length < (config.roleMapping?.origins.length ?? 0);
  if (derivesLess && config.identityHeaders.some(({ field }) => field === 'roles')) return true;
  if (config.routes.routes.length > maxRoutes) return true;
  const changed = policyUnder(config, mutant);
  // Two equal routes are not a valid policy.
  return changed !== null && differs(policyOf(config), changed);
}

/** With the change, and only routes that can affect the case; null: it made two routes equal. */
export function policyNear(config: Config, mutant: RouteMutant, prepared: PreparedCase): Policy | null {
  const policy = policyOf(config);
  const near = routesNear(policy.routes, decideCase(prepared, policy).request);
  const table = tableWith(mutant, near);
  return table === null ? null : { ...policy, routes: table };
}

function tableWith({ entry, changed }: RouteMutant, near: readonly Route[]): RouteTable | null {
  return tableOf(unique([...near.filter((one) => !entry.includes(one)), ...changed.map(withScopes)]));
}

/** For a change that matches more, in any letter case: cases that no more specific route matches. Those of its own routes too. */
function casesReached(
  mutants: readonly RouteMutant[],
  table: RouteTable,
  requests: ReadonlyMap<PreparedCase, Decision['request']>,
): (mutant: RouteMutant) => readonly PreparedCase[] {
  const widened = mutants.filter(({ reaches }) => reaches).flatMap(widenedBy);
  const alike = new Map(widened.map((route) => [placeKey(route), route]));
  const trees = insertRoutes(
    [...alike.values()],
    () => true,
    (leaf, route) => leaf.routes.push(route),
  );
  const free = new Map<PreparedCase, readonly Route[]>();
  const several: PreparedCase[] = [];
  for (const [prepared, request] of requests) {
    if (request === null) continue;
    if (request.ambiguities !== 0) {
      several.push(prepared);
      continue;
    }
    const near = fittingRoutes(table, request.host, request.path);
    const wider = fittingRoutes(trees, request.host, request.path);
    free.set(
      prepared,
      wider.filter(({ pattern }) => !near.some((one) => isMoreSpecific(one.pattern, pattern))),
    );
  }
  const casesOf = byRoute(free);
  return (mutant) => [
    ...widenedBy(mutant).flatMap((route) => casesOf.get(alike.get(placeKey(route))!) ?? []),
    ...several,
  ];
}

/** The changed routes of the entry that match other paths. */
function widenedBy({ entry, changed }: RouteMutant): readonly Route[] {
  const patterns = new Set(entry.map(({ pattern }) => pattern));
  return changed.filter(({ pattern }) => !patterns.has(pattern));
}

/** Equal for routes that match the same paths. */
function placeKey({ pattern, reading }: Route): string {
  return JSON.stringify([pattern.host, pattern.path, reading?.literals ?? null]);
}

function byRoute(routes: ReadonlyMap<PreparedCase, readonly Route[]>): ReadonlyMap<Route, readonly PreparedCase[]> {
  const cases = new Map<Route, PreparedCase[]>();
  for (const [prepared, near] of routes) {
    for (const route of near) {
      const known = cases.get(route);
      if (known === undefined) cases.set(route, [prepared]);
      else known.push(prepared);
    }
  }
  return cases;
}

/** All rules with the change; null: it made two routes equal. */
export function policyUnder(config: Config, mutant: Mutant): Policy | null {
  const policy = policyOf(config);
  const { routes } = config.routes;
  if (mutant.kind === 'route') {
    const table = tableWith(mutant, routes);
    return table === null ? null : { ...policy, routes: table };
  }
  if (mutant.kind === 'policy') {
    const table = tableOf(routes.map((route) => withScopes(withPolicy(route, mutant, config.roles))));
    return table === null ? null : { ...policy, routes: table };
  }
  const table = tableOf(routes.map((route) => withScopes(withRoles(route, mutant.roles))));
  return table === null
    ? null
    : { ...policy, routes: table, roleMapping: compileRoleMapping(mutant.origins, config.roleMapping?.limits) };
}

/** The routes that can affect a request: those that fit it, also in another letter case. */
function routesNear(table: RouteTable, request: Decision['request']): readonly Route[] {
  if (request === null) return [];
  // With several readings of a path any route may match it.
  if (request.ambiguities !== 0) return table.routes;
  return fittingRoutes(table.folded ?? table, request.host, request.path);
}

/** The routes as a separate table; null: a change made two of them equal. */
function tableOf(routes: readonly Route[]): RouteTable | null {
  const table = compileRoutes(routes.map((route, index) => ({ ...route, index })));
  return 'ties' in table ? null : table;
}

function unique(routes: readonly Route[]): readonly Route[] {
  return [...new Set(routes)].sort((a, b) => a.index - b.index);
}
