/**
 * What a request needs of its route, bound when the table is loaded: its numbers, and its part of the log line. A
 * route that keeps its id through a reload keeps its numbers; those of a route that is gone are forgotten.
 */
import type { Route } from '../core/routing/route.ts';
import { Distribution } from './distribution.ts';
import { jsonText } from './json-text.ts';
import { metricsCatalog, noRoute } from './metrics-catalog.ts';
import { RouteTally } from './route-tally.ts';

export interface RouteBinding {
  readonly route: Route | null;
  readonly tally: RouteTally;
  readonly upstream: Distribution;
  readonly asked: AskedMembers;
}

/** Members of the log line that the route settles, and with them the method and host of its last request. */
export interface AskedMembers {
  /** With the comma before, as the next one. */
  readonly ofRoute: string;
  method: string;
  host: string;
  /** All of them. */
  text: string;
}

function askedMembers(ofRoute: string): AskedMembers {
  return { ofRoute, method: '', host: '', text: `${ofRoute},"method":""` };
}

export class RouteBindings {
  #byIndex: readonly RouteBinding[] = [];
  #byId = new Map<string, RouteBinding>();
  #upstreams = new Map<string, Distribution>();
  readonly #unrouted: RouteBinding = {
    route: null,
    tally: new RouteTally(),
    upstream: new Distribution(metricsCatalog.upstreamDuration.buckets),
    asked: askedMembers(''),
  };

  use(routes: readonly Route[]): void {
    const upstreams = new Map<string, Distribution>();
    const byId = new Map<string, RouteBinding>();
    this.#byIndex = routes.map((route) => {
      const name = route.upstream;
      const upstream =
        upstreams.get(name) ?? this.#upstreams.get(name) ?? new Distribution(metricsCatalog.upstreamDuration.buckets);
      upstreams.set(name, upstream);
      const binding: RouteBinding = {
        route,
        tally: this.#byId.get(route.id)?.tally ?? new RouteTally(),
        upstream,
        asked: askedMembers(`,"route":${jsonText(route.id, 256)},"upstream":${jsonText(name, 256)}`),
      };
      byId.set(route.id, binding);
      return binding;
    });
    this.#byId = byId;
    this.#upstreams = upstreams;
  }

  /** A request that outlived a reload holds a route of the old table, whose index may mean another route now. */
  of(route: Route | null): RouteBinding {
    if (route === null) return this.#unrouted;
    const binding = this.#byIndex[route.index];
    if (binding !== undefined && binding.route === route) return binding;
    return this.#byId.get(route.id) ?? this.#unrouted;
  }

  get size(): number {
    return this.#byIndex.length;
  }

  *tallies(): Generator<readonly [string, RouteTally]> {
    for (const [id, binding] of this.#byId) yield [id, binding.tally];
    yield [noRoute, this.#unrouted.tally];
  }

  upstreams(): ReadonlyMap<string, Distribution> {
    return this.#upstreams;
  }
}
