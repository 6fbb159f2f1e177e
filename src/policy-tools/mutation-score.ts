/** Tries every mutant on the tests, and reports those that no test noticed. */
import type { Config } from '../config/config.ts';
import { kindsOf } from '../core/credential/credential.ts';
import type { Decision } from '../core/decision.ts';
import { fittingRoutes } from '../core/routing/fitting-routes.ts';
import type { Route } from '../core/routing/route.ts';
import { entriesOf, type RouteTable } from '../core/routing/route-table.ts';
import { isMoreSpecific } from '../core/url/path-pattern.ts';
import { type Mutant, policyMutants, roleMutants, routeMutants } from './mutants.ts';
import { Mutations, routesNear, tableOf, treesOf, widenedBy } from './mutated-policy.ts';
import { decideCase, forwardingOf, type PreparedCase, policyOf, runCase } from './run-cases.ts';

export interface MutationScore {
  readonly mutants: number;
  /** In the order of the file. */
  readonly survivors: readonly Mutant[];
  /** 0 to 1; 1 if there is nothing to change. */
  readonly score: number;
}

/** `cases`: only those that pass; one that fails anyway would notice everything. */
export function mutationScore(config: Config, cases: readonly PreparedCase[]): MutationScore {
  const mutations = new Mutations(config);
  const { mutants, unnoticed } = tryMutants(config, mutations, cases);
  // A change without effect cannot be noticed, and does not count.
  const survivors = unnoticed.filter((mutant) => mutations.hasEffect(mutant));
  const count = mutants.length - (unnoticed.length - survivors.length);
  return { mutants: count, survivors, score: count === 0 ? 1 : (count - survivors.length) / count };
}

/** All mutants, and those that no case notices, whether or not they have an effect. */
export function tryMutants(
  config: Config,
  mutations: Mutations,
  cases: readonly PreparedCase[],
): { readonly mutants: readonly Mutant[]; readonly unnoticed: readonly Mutant[] } {
  const rules = forwardingOf(config);
  const policy = policyOf(config);
  const requests = new Map(cases.map((prepared) => [prepared, decideCase(prepared, policy).request]));
  const touched = new Map([...requests].map(([prepared, request]) => [prepared, routesNear(policy.routes, request)]));
  const casesOf = byRoute(touched);
  const entries = entriesOf(config.routes.routes);
  const mutants: readonly Mutant[] = [
    ...entries.flatMap((entry) => routeMutants(entry, config.roles, kindsOf(config.credentials))),
    ...roleMutants(config.roles, config.roleMapping?.origins ?? []),
    ...policyMutants(config.policies, entries, config.roles),
  ];
  const reachedBy = casesReached(mutants, policy.routes, requests);

  const survives = (mutant: Mutant): boolean => {
    const changes = mutations.changesOf(mutant);
    const changed = new Set(changes.flatMap(({ entry }) => entry));
    const own = [...changed].flatMap((route) => casesOf.get(route) ?? []);
    const candidates = new Set([...own, ...reachedBy(mutant)]);
    const near = [...candidates].flatMap((prepared) => touched.get(prepared)!).filter((route) => !changed.has(route));
    const routes = tableOf([...near, ...changes.flatMap((change) => change.changed)]);
    if (routes === null) return true;
    const mutated = { ...policy, ...mutations.mappingUnder(mutant), routes };
    return ![...candidates].some((prepared) => runCase(prepared, mutated, rules).faults.length > 0);
  };

  return { mutants, unnoticed: mutants.filter(survives) };
}

/** For a change that matches more, in any letter case: cases that no more specific route matches. Those of its own routes too. */
function casesReached(
  mutants: readonly Mutant[],
  table: RouteTable,
  requests: ReadonlyMap<PreparedCase, Decision['request']>,
): (mutant: Mutant) => readonly PreparedCase[] {
  const alike = new Map(mutants.flatMap(widenedBy).map((route) => [placeKey(route), route]));
  const trees = treesOf([...alike.values()]);
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
    ...(mutant.kind === 'route' && mutant.reaches ? several : []),
  ];
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
