/**
 * The rules under a mutant. A request that neither the routes before nor the routes after the change fit is decided as before, so a
 * change is examined with only the routes that can compete with these.
 */
import type { Config } from '../config/config.ts';
import type { Policy } from '../core/decide.ts';
import type { Decision } from '../core/decision.ts';
import { otherMethods, ruleMethods } from '../core/policy/access.ts';
import { compileRoleMapping } from '../core/policy/map-roles.ts';
import { withScopes } from '../core/policy/scopes-of-route.ts';
import { compileRoutes } from '../core/routing/compile-routes.ts';
import { fittingRoutes } from '../core/routing/fitting-routes.ts';
import { insertRoutes } from '../core/routing/insert-routes.ts';
import { matchRoute } from '../core/routing/match-route.ts';
import { competingRoutes } from '../core/routing/overlapping-routes.ts';
import type { Route } from '../core/routing/route.ts';
import { entriesOf, type RouteTable, type RouteTrees } from '../core/routing/route-table.ts';
import { sampleText } from '../core/url/common-path.ts';
import type { PolicyModel } from '../policy-model/authentications.ts';
import { differ, examplesAt, examplesOfDifference } from '../policy-model/differences.ts';
import type { Example, ExampleCallers } from '../policy-model/example-requests.ts';
import { hostOf } from '../policy-model/host-for.ts';
import { rulesOf } from '../policy-model/route-of-method.ts';
import { setsOf } from '../policy-model/verdicts.ts';
import { affects, type Mutant, withPolicy, withRoles } from './mutants.ts';
import { policyOf } from './run-cases.ts';

/** Routes of one entry, and what the mutant makes of them. */
export interface RouteChange {
  readonly entry: readonly Route[];
  /** Empty: removed. */
  readonly changed: readonly Route[];
}

export class Mutations {
  readonly #config: Config;
  readonly #policy: PolicyModel;
  readonly #trees: RouteTrees;
  readonly #changes = new Map<Mutant, readonly RouteChange[]>();

  constructor(config: Config) {
    this.#config = config;
    this.#policy = policyOf(config);
    this.#trees = treesOf(config.routes.routes);
  }

  /** Entries that the mutant affects. */
  changesOf(mutant: Mutant): readonly RouteChange[] {
    const changes = this.#changes.get(mutant) ?? this.#compileChanges(mutant);
    // Those of a role compile every route again.
    if (mutant.kind !== 'route') this.#changes.set(mutant, changes);
    return changes;
  }

  #compileChanges(mutant: Mutant): readonly RouteChange[] {
    if (mutant.kind === 'route') return [{ entry: mutant.entry, changed: mutant.changed.map(withScopes) }];
    const { routes, roles } = this.#config;
    const entries = entriesOf(routes.routes);
    if (mutant.kind === 'policy') {
      const below = entries.filter(([route]) => affects(mutant, route));
      return below.map((entry) => ({
        entry,
        changed: entry.map((route) => withScopes(withPolicy(route, mutant, roles))),
      }));
    }
    const changes = entries.map((entry) => ({
      entry,
      changed: entry.map((route) => withScopes(withRoles(route, mutant.roles))),
    }));
    return changes.filter(({ entry: [route], changed: [changed] }) => {
      return mutant.roles === roles || rolesTested(route!) !== rolesTested(changed!);
    });
  }

  /** Both policies with only the routes that can compete for a request; null: the change makes two routes equal, so it is not valid. */
  near({ entry, changed }: RouteChange, mutant: Mutant): readonly [before: PolicyModel, after: PolicyModel] | null {
    const rivals = new Set<Route>();
    for (const [, rival] of competingRoutes(treesOf([...entry, ...changed]), this.#trees)) rivals.add(rival);
    for (const route of entry) rivals.delete(route);
    const [before, after] = [entry, changed].map((own) => tableOf([...own, ...rivals]));
    if (before == null || after == null) return null;
    return [
      { ...this.#policy, routes: before },
      { ...this.#policy, ...this.mappingUnder(mutant), routes: after },
    ];
  }

  /** With the change, and only the routes that can affect the request; null: it makes two routes equal. */
  at(mutant: Mutant, request: Decision['request']): Policy | null {
    const near = routesNear(this.#policy.routes, request);
    const { roles } = this.#config;
    const routes =
      mutant.kind === 'route'
        ? [...near.filter((route) => !mutant.entry.includes(route)), ...mutant.changed]
        : near.map((route) =>
            mutant.kind === 'policy' ? withPolicy(route, mutant, roles) : withRoles(route, mutant.roles),
          );
    const table = tableOf(routes.map(withScopes));
    return table === null ? null : { ...this.#policy, ...this.mappingUnder(mutant), routes: table };
  }

  /** Whether a request shows the change; also true if that is unknown. */
  hasEffect(mutant: Mutant): boolean {
    // Services may receive derived roles, but not inherited ones.
    const derivesLess = 'roleMapping' in this.mappingUnder(mutant);
    if (derivesLess && this.#config.identityHeaders.some(({ field }) => field === 'roles')) return true;
    // Otherwise a path for everything would be compared with every route.
    if (widenedBy(mutant).some((route) => this.#takesSample(mutant, route))) return true;
    return this.changesOf(mutant).some((change) => {
      const policies = this.near(change, mutant);
      return policies !== null && differ(...policies);
    });
  }

  /** Requests that should show the change, by the route that it affects. */
  *examplesOf(mutant: Mutant, callers: ExampleCallers): Generator<readonly [Route, Iterable<Example>]> {
    for (const route of widenedBy(mutant)) {
      const request = requestLike(route);
      const after = this.at(mutant, request);
      if (after !== null) yield [route, examplesAt(request, this.#policy, after, callers, [request.method])];
    }
    for (const change of this.changesOf(mutant)) {
      const policies = this.near(change, mutant);
      if (policies === null) continue;
      const [route] = change.entry;
      yield [route!, examplesOfDifference(...policies, callers, methodsFor([...change.entry, ...change.changed]))];
    }
  }

  /** Whether the widened route matches a request that fits it, and did not before. */
  #takesSample(mutant: Mutant, route: Route): boolean {
    const { id } = route;
    const request = requestLike(route);
    const routes = this.at(mutant, request)?.routes;
    if (routes === undefined) return false;
    const [before, after] = [this.#policy.routes, routes].map((table) => {
      const match = matchRoute(table, request);
      return typeof match === 'string' ? null : match.route.id;
    });
    return before !== id && after === id;
  }

  mappingUnder(mutant: Mutant): Partial<Pick<Policy, 'roleMapping'>> {
    const { roleMapping } = this.#config;
    if (mutant.kind !== 'roles' || mutant.origins.length === (roleMapping?.origins.length ?? 0)) return {};
    return { roleMapping: compileRoleMapping(mutant.origins, roleMapping?.limits) };
  }
}

/** Methods that the rules of the routes can distinguish, those that they list first. */
function methodsFor(routes: readonly Route[]): readonly string[] {
  const listed = routes.flatMap((route) => rulesOf(route).map(([method]) => method));
  return [...new Set([...listed.filter((method) => method !== otherMethods), 'GET', ...ruleMethods])];
}

/** A request that fits the route. */
function requestLike({ pattern, access, methods }: Route): NonNullable<Decision['request']> {
  const [method = 'GET'] = methods ?? access.byMethod.keys();
  const path = `/${pattern.segments.map((segment) => encodeURIComponent(sampleText(segment) ?? 'anything')).join('/')}`;
  const host = hostOf(pattern.host);
  return { method, host, authority: host, path, unmerged: null, query: '', ambiguities: 0 };
}

/** The changed routes of the entry that match other paths. */
export function widenedBy(mutant: Mutant): readonly Route[] {
  if (mutant.kind !== 'route' || !mutant.reaches) return [];
  const patterns = new Set(mutant.entry.map(({ pattern }) => pattern));
  return mutant.changed.filter(({ pattern }) => !patterns.has(pattern));
}

/** The routes that can affect a request: those that fit it, also in another letter case. */
export function routesNear(table: RouteTable, request: Decision['request']): readonly Route[] {
  if (request === null) return [];
  // With several readings of a path any route may match it.
  if (request.ambiguities !== 0) return table.routes;
  return fittingRoutes(table.folded ?? table, request.host, request.path);
}

/** The routes as a separate table; null: two of them are equal. */
export function tableOf(routes: Iterable<Route>): RouteTable | null {
  const sorted = [...new Set(routes)].sort((a, b) => a.index - b.index);
  const table = compileRoutes(sorted.map((route, index) => ({ ...route, index })));
  return 'ties' in table ? null : table;
}

/** In any letter case, because a path in another case is refused. */
export function treesOf(routes: readonly Route[]): RouteTrees {
  return insertRoutes(
    routes,
    () => true,
    (leaf, route) => leaf.routes.push(route),
  );
}

/** The sets of roles that its rules and conditions test. */
function rolesTested(route: Route): string {
  const sets = rulesOf(route).flatMap(([, rule]) => setsOf({ route, rule }));
  return JSON.stringify(sets.map((set) => [...set]));
}
