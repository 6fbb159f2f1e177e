/**
 * How long-lived connections of data planes are distributed if connections are balanced instead of checks (a Kubernetes Service,
 * TCP): each selects a random authorizer when it opens, and again when it ends by age. The same seed gives the same result.
 */
import { drawFrom } from './random.ts';

export interface Connections {
  readonly dataPlanes: number;
  /** Connections of each data plane; Envoy has one for each of its threads. */
  readonly perDataPlane: number;
  readonly authorizers: number;
  /** `maxConnectionAge` in seconds; `Infinity`: no limit. */
  readonly ageS: number;
  readonly seed: number;
}

export interface Spread {
  /** Share of the busiest authorizer relative to an even share, before another joins. */
  readonly busiest: number;
  /** Share of the authorizer that joined, by seconds since then. */
  readonly joined: readonly number[];
}

/** As in `@grpc/grpc-js`. */
const jitter = 0.1;
const times = 400;

/** Means over many runs; every connection has the same load. */
export function spreadOf(world: Connections, secondsS: readonly number[]): Spread {
  const random = drawFrom(world.seed);
  const count = world.dataPlanes * world.perDataPlane;
  let busiest = 0;
  const joined = secondsS.map(() => 0);
  for (let run = 0; run < times; run += 1) {
    const perAuthorizer = Array.from({ length: world.authorizers }, () => 0);
    for (let i = 0; i < count; i += 1) {
      const place = random.below(world.authorizers);
      perAuthorizer[place]! += 1;
      // Part of its age has passed when another authorizer joins.
      let endsAt = world.ageS * random.fraction();
      let at = place;
      for (const [index, second] of secondsS.entries()) {
        while (endsAt <= second) {
          at = random.below(world.authorizers + 1);
          endsAt += world.ageS * (1 - jitter + 2 * jitter * random.fraction());
        }
        if (at === world.authorizers) joined[index]! += 1;
      }
    }
    busiest += (Math.max(...perAuthorizer) / count) * world.authorizers;
  }
  return { busiest: busiest / times, joined: joined.map((sum) => sum / (times * count)) };
}
