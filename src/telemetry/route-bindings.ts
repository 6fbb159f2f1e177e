/**
 * Tallies of the routes, bound when the table is loaded. A route that keeps its id through a reload keeps its numbers; those
 * of a route that is gone are forgotten.
 */
import type { Route } from '../core/routing/route.ts';
import { Distribution } from './distribution.ts';
import { jsonText } from './json-text.ts';
import { metricsCatalog, noRoute } from './metrics-catalog.ts';
import { RouteTally, rowsOf } from './route-tally.ts';

export class RouteBindings {
  #byIndex: readonly RouteTally[] = [];
  #byId = new Map<string, RouteTally>();
  #upstreams = new Map<string, Distribution>();
  readonly #unrouted = new RouteTally(null, '', newDurations(), rowsOf(1), 0, null);

  use(routes: readonly Route[]): void {
    const upstreams = new Map<string, Distribution>();
    const byId = new Map<string, RouteTally>();
    const rows = rowsOf(routes.length);
    this.#byIndex = routes.map((route, index) => {
      const { id, upstream: name } = route;
      const upstream = upstreams.get(name) ?? this.#upstreams.get(name) ?? newDurations();
      upstreams.set(name, upstream);
      const members = [',"route":', jsonText(id, 256), ',"upstream":', jsonText(name, 256)].join('');
      const tally = new RouteTally(route, members, upstream, rows, index, this.#byId.get(id) ?? null);
      byId.set(id, tally);
      return tally;
    });
    this.#byId = byId;
    this.#upstreams = upstreams;
  }

  /** A request that outlived a reload holds a route of the old table, whose index may mean another route now. */
  of(route: Route | null): RouteTally {
    if (route === null) return this.#unrouted;
    const tally = this.#byIndex[route.index];
    if (tally !== undefined && tally.route === route) return tally;
    return this.#byId.get(route.id) ?? this.#unrouted;
  }

  get size(): number {
    return this.#byIndex.length;
  }

  *tallies(): Generator<readonly [string, RouteTally]> {
    yield* this.#byId;
    yield [noRoute, this.#unrouted];
  }

  upstreams(): ReadonlyMap<string, Distribution> {
    return this.#upstreams;
  }
}

function newDurations(): Distribution {
  return new Distribution(metricsCatalog.upstreamDuration.buckets);
}
