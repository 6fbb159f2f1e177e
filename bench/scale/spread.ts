/**
 * Where long connections of data planes lie when something balances them and not their checks (a Service of Kubernetes, TCP): each
 * draws an authorizer when it is opened, and again when it ends by its age. Same seed, same result.
 */
import { drawFrom } from './random.ts';

export interface Connections {
  readonly dataPlanes: number;
  /** Of each data plane; Envoy has one for each of its threads. */
  readonly perDataPlane: number;
  readonly authorizers: number;
  /** `maxConnectionAge` in seconds; `Infinity`: none. */
  readonly ageS: number;
  readonly seed: number;
}

export interface Spread {
  /** Share of the busiest authorizer over an even one, before another joins. */
  readonly busiest: number;
  /** Share of the one that joined, by seconds since then. */
  readonly joined: readonly number[];
}

/** As `@grpc/grpc-js` draws it. */
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
      // Some part of its age is over when another authorizer joins.
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
