/**
 * What a request needs of its route when it is over: its numbers, its part of the log line, and the durations of its upstream.
 * Bound when the table is loaded. A route that keeps its id through a reload keeps its numbers; those of a route that is
 * gone are forgotten.
 */
import type { Route } from '../core/routing/route.ts';
import { Distribution } from './distribution.ts';
import { jsonText } from './json-text.ts';
import { metricsCatalog, noRoute } from './metrics-catalog.ts';
import { RouteTallies } from './route-tally.ts';

/** The row of requests without a route; the routes follow. */
const unrouted = 0;

export class RouteBindings {
  tallies = new RouteTallies(1);
  /** By row: the route, its members of the log line with the comma before, and durations of its upstream in turn. */
  #bound: readonly (Route | null | string | Distribution)[] = [null, '', newDurations()];
  #rowById: ReadonlyMap<string, number> = new Map();
  #upstreams: ReadonlyMap<string, Distribution> = new Map();

  use(routes: readonly Route[]): void {
    const upstreams = new Map<string, Distribution>();
    const rowById = new Map<string, number>();
    const tallies = new RouteTallies(routes.length + 1);
    const bound = this.#bound.slice(0, 3);
    tallies.goOn(unrouted, this.tallies, unrouted);
    for (const route of routes) {
      const { id, upstream: name } = route;
      const upstream = upstreams.get(name) ?? this.#upstreams.get(name) ?? newDurations();
      upstreams.set(name, upstream);
      const row = route.index + 1;
      const before = this.#rowById.get(id);
      if (before !== undefined) tallies.goOn(row, this.tallies, before);
      rowById.set(id, row);
      bound.push(route, [',"route":', jsonText(id, 256), ',"upstream":', jsonText(name, 256)].join(''), upstream);
    }
    this.tallies = tallies;
    this.#bound = bound;
    this.#rowById = rowById;
    this.#upstreams = upstreams;
  }

  /** A request that outlived a reload holds a route of the old table, whose index may mean another route now. */
  rowOf(route: Route | null): number {
    if (route === null) return unrouted;
    const row = route.index + 1;
    return this.#bound[3 * row] === route ? row : (this.#rowById.get(route.id) ?? unrouted);
  }

  /** Members of the log line that the route settles. */
  membersOf(row: number): string {
    return this.#bound[3 * row + 1] as string;
  }

  upstreamOf(row: number): Distribution {
    return this.#bound[3 * row + 2] as Distribution;
  }

  get size(): number {
    return this.#bound.length / 3 - 1;
  }

  *rows(): Generator<readonly [route: string, row: number]> {
    yield* this.#rowById;
    yield [noRoute, unrouted];
  }

  upstreams(): ReadonlyMap<string, Distribution> {
    return this.#upstreams;
  }
}

function newDurations(): Distribution {
  return new Distribution(metricsCatalog.upstreamDuration.buckets);
}
