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

/** What routes of one upstream have in common. */
export interface UpstreamBinding {
  readonly durations: Distribution;
  /** The member of the log line that names the upstream, with the comma before. */
  readonly member: string;
}

/** The row of requests without a route; the routes follow. */
const unrouted = 0;

/** Longest id or name in a log line, in UTF-16 units. */
const maxName = 256;

export class RouteBindings {
  tallies = new RouteTallies(1);
  #byId: ReadonlyMap<string, Route> = new Map();
  #upstreams: ReadonlyMap<string, UpstreamBinding> = new Map();
  readonly #ofNone: UpstreamBinding = { durations: newDurations(), member: '' };

  use(routes: readonly Route[]): void {
    const byId = new Map<string, Route>();
    const upstreams = new Map<string, UpstreamBinding>();
    const tallies = new RouteTallies(routes.length + 1);
    tallies.goOn(unrouted, this.tallies, unrouted);
    for (const route of routes) {
      const { id, upstream } = route;
      const before = this.#byId.get(id);
      if (before !== undefined) tallies.goOn(this.rowOf(route), this.tallies, this.rowOf(before));
      byId.set(id, route);
      upstreams.set(upstream, upstreams.get(upstream) ?? this.#upstreams.get(upstream) ?? bindingOf(upstream));
    }
    this.tallies = tallies;
    this.#byId = byId;
    this.#upstreams = upstreams;
  }

  /** A request that outlived a reload holds a route of the old table, whose index may mean another route now; null: it is gone. */
  inUse(route: Route | null): Route | null {
    return route === null ? null : (this.#byId.get(route.id) ?? null);
  }

  /** Of a route that is in use. */
  rowOf(route: Route | null): number {
    return route === null ? unrouted : route.index + 1;
  }

  /** Of a route that is in use. */
  sharedBy(route: Route | null): UpstreamBinding {
    return (route === null ? undefined : this.#upstreams.get(route.upstream)) ?? this.#ofNone;
  }

  get size(): number {
    return this.#byId.size;
  }

  *rows(): Generator<readonly [route: string, row: number]> {
    for (const [id, route] of this.#byId) yield [id, this.rowOf(route)];
    yield [noRoute, unrouted];
  }

  *upstreams(): Generator<readonly [upstream: string, durations: Distribution]> {
    for (const [name, { durations }] of this.#upstreams) yield [name, durations];
  }
}

/** Members of the log line that the route settles, each with the comma before. */
export function membersOf(route: Route | null, { member }: UpstreamBinding): string {
  return route === null ? '' : `,"route":${jsonText(route.id, maxName)}${member}`;
}

function bindingOf(upstream: string): UpstreamBinding {
  return { durations: newDurations(), member: `,"upstream":${jsonText(upstream, maxName)}` };
}

function newDurations(): Distribution {
  return new Distribution(metricsCatalog.upstreamDuration.buckets);
}
