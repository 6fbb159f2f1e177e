/**
 * What a request needs of its route when it is over: its numbers, its part of the log line, and the durations of its upstream.
 * Bound when the table is loaded. A route that keeps its id through a reload keeps its numbers; those of a route that is
 * gone are forgotten.
 */
import type { CompiledRoute } from '../core/routing/compiled-route.ts';
import type { RouteTraits } from '../core/routing/route.ts';
import { Distribution } from './distribution.ts';
import { jsonText } from './json-text.ts';
import { metricsCatalog, noRoute } from './metrics-catalog.ts';
import { RouteTallies } from './route-tally.ts';

/** What routes of the same traits have in common, so that it is found in the processor's caches. */
export interface TraitsBinding {
  /** Durations of their upstream. */
  readonly durations: Distribution;
  /** The member of the log line that names their upstream, with the comma before. */
  readonly member: string;
}

/** The row of requests without a route; the routes follow. */
const unrouted = 0;

/** Longest id or name in a log line, in UTF-16 units. */
const maxName = 256;

export class RouteBindings {
  tallies = new RouteTallies(1);
  #byTraits: ReadonlyMap<RouteTraits, TraitsBinding> = new Map();
  #byId: ReadonlyMap<string, CompiledRoute> = new Map();
  #upstreams: ReadonlyMap<string, Distribution> = new Map();
  readonly #ofNone: TraitsBinding = { durations: newDurations(), member: '' };

  use(routes: readonly CompiledRoute[]): void {
    const byTraits = new Map<RouteTraits, TraitsBinding>();
    const byId = new Map<string, CompiledRoute>();
    const upstreams = new Map<string, Distribution>();
    const tallies = new RouteTallies(routes.length + 1);
    tallies.goOn(unrouted, this.tallies, unrouted);
    for (const route of routes) {
      const { id, traits } = route;
      const before = this.#byId.get(id);
      if (before !== undefined) tallies.goOn(this.rowOf(route), this.tallies, this.rowOf(before));
      byId.set(id, route);
      if (byTraits.has(traits)) continue;
      const { upstream } = traits;
      const durations = upstreams.get(upstream) ?? this.#upstreams.get(upstream) ?? newDurations();
      upstreams.set(upstream, durations);
      byTraits.set(traits, { durations, member: `,"upstream":${jsonText(upstream, maxName)}` });
    }
    this.tallies = tallies;
    this.#byTraits = byTraits;
    this.#byId = byId;
    this.#upstreams = upstreams;
  }

  /** A request that outlived a reload holds a route of the old table, whose index may mean another route now; null: it is gone. */
  inUse(route: CompiledRoute | null): CompiledRoute | null {
    // Traits are of one table.
    if (route === null || this.#byTraits.has(route.traits)) return route;
    return this.#byId.get(route.id) ?? null;
  }

  /** Of a route that is in use. */
  rowOf(route: CompiledRoute | null): number {
    return route === null ? unrouted : route.index + 1;
  }

  /** Of a route that is in use. */
  sharedBy(route: CompiledRoute | null): TraitsBinding {
    return (route === null ? undefined : this.#byTraits.get(route.traits)) ?? this.#ofNone;
  }

  get size(): number {
    return this.#byId.size;
  }

  *rows(): Generator<readonly [route: string, row: number]> {
    for (const [id, route] of this.#byId) yield [id, this.rowOf(route)];
    yield [noRoute, unrouted];
  }

  upstreams(): ReadonlyMap<string, Distribution> {
    return this.#upstreams;
  }
}

/** Members of the log line that the route settles, each with the comma before. */
export function membersOf(route: CompiledRoute | null, { member }: TraitsBinding): string {
  return route === null ? '' : `,"route":${jsonText(route.id, maxName)}${member}`;
}

function newDurations(): Distribution {
  return new Distribution(metricsCatalog.upstreamDuration.buckets);
}
