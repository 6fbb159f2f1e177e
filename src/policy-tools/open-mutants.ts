/** Mutants that no case has noticed yet. A new case is tried only on those that it can show. */
import type { Decision } from '../core/decision.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import { fittingRoutes } from '../core/routing/fitting-routes.ts';
import type { Route } from '../core/routing/route.ts';
import type { RouteTrees } from '../core/routing/route-table.ts';
import type { Mutant } from './mutants.ts';
import { type Mutations, treesOf, widenedBy } from './mutated-policy.ts';
import { type PreparedCase, runCase } from './run-cases.ts';

export interface Tried {
  readonly prepared: PreparedCase;
  readonly decision: Decision;
}

export class OpenMutants {
  readonly #mutations: Mutations;
  readonly #rules: ForwardingRules;
  readonly #open: Set<Mutant>;
  /** By the id of the only route that they affect. */
  readonly #ofRoute: ReadonlyMap<string | null, readonly Mutant[]>;
  /** Those that match further paths, by a route for these. */
  readonly #widened = new Map<Route, Mutant>();
  readonly #trees: RouteTrees;
  /** New cases, by the id of the route that decides them. */
  readonly #cases = new Map<string, Tried[]>();

  constructor(mutants: readonly Mutant[], mutations: Mutations, rules: ForwardingRules) {
    this.#mutations = mutations;
    this.#rules = rules;
    this.#open = new Set(mutants);
    this.#ofRoute = Map.groupBy(mutants, onlyRoute);
    for (const mutant of mutants) for (const route of widenedBy(mutant)) this.#widened.set(route, mutant);
    this.#trees = treesOf([...this.#widened.keys()]);
  }

  has(mutant: Mutant): boolean {
    // A change of many routes is tried when its turn comes.
    if (onlyRoute(mutant) === null) {
      const ids = new Set(this.#mutations.changesOf(mutant).map(({ entry }) => entry[0]!.id));
      const cases = [...ids].flatMap((id) => this.#cases.get(id) ?? []);
      if (cases.some((tried) => this.notices(mutant, tried))) this.#open.delete(mutant);
    }
    return this.#open.has(mutant);
  }

  notices(mutant: Mutant, { prepared, decision }: Tried): boolean {
    const reaches = mutant.kind === 'route' && mutant.reaches;
    const route = onlyRoute(mutant);
    if (!reaches && route !== null && decision.route?.id !== route) return false;
    const mutated = this.#mutations.at(mutant, decision.request);
    return mutated !== null && runCase(prepared, mutated, this.#rules).faults.length > 0;
  }

  add(tried: Tried): void {
    const { request, route } = tried.decision;
    if (route !== null) this.#cases.set(route.id, [...(this.#cases.get(route.id) ?? []), tried]);
    const further = request === null ? [] : fittingRoutes(this.#trees, request.host, request.path);
    const own = route === null ? [] : (this.#ofRoute.get(route.id) ?? []);
    const likely = [...own, ...further.map((one) => this.#widened.get(one)!)];
    for (const mutant of likely) {
      if (this.#open.has(mutant) && this.notices(mutant, tried)) this.#open.delete(mutant);
    }
  }
}

/** Null: it affects several. */
function onlyRoute(mutant: Mutant): string | null {
  if (mutant.kind === 'route') return mutant.entry[0].id;
  return mutant.kind === 'policy' ? mutant.route : null;
}
