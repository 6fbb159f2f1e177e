/** CPU of a decision whose identity is in memory, against that of a decision on a public route. */
import type { Runtime } from '../../src/app/create-runtime.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { newBearers, startDeciding, viewOf } from './deciding.ts';
import { type Figure, figure } from './report.ts';

/** Identities that take turns, and decisions that are measured together. */
const identities = 1_000;
const block = 2_000;
const aimUs = 3;

export async function measureMemoryHit(authApi: string, rounds: number): Promise<Figure[]> {
  const runtime = startDeciding(authApi, null);
  const bearers = newBearers(identities);
  for (const bearer of bearers) await runtime.decide(viewOf('/private/orders/7', bearer));
  const views = (path: string) =>
    Array.from({ length: block }, (_, index) => viewOf(path, bearers[(index * 7) % identities]!));
  const sides = { own: '/private/orders/7', other: '/public/orders/7' };
  const pairs: [number, number][] = [];
  // The first tenth makes the code warm.
  for (let round = -rounds / 10; round < rounds; round += 1) {
    const [own, other] = [views(sides.own), views(sides.other)];
    // Who goes first takes turns too.
    const first = round % 2 === 0;
    const before = first ? decideAll(runtime, own) : 0;
    const public_ = decideAll(runtime, other);
    const private_ = first ? before : decideAll(runtime, own);
    if (round >= 0) pairs.push([private_, public_]);
  }
  await runtime.resolver.close();
  await runtime.upstreams.close();
  return [figure('hit in memory, CPU', 'public route', pairs, aimUs)];
}

/** Microseconds of CPU per decision. Throws when one is not made at once, or does not allow. */
function decideAll(runtime: Runtime, views: readonly RequestView[]): number {
  let allowed = 0;
  const start = process.cpuUsage();
  for (const view of views) {
    const decision = runtime.decide(view);
    if ('outcome' in decision && decision.outcome === 'allow') allowed += 1;
  }
  const { user, system } = process.cpuUsage(start);
  if (allowed !== views.length) throw new Error(`${views.length - allowed} of ${views.length} decisions did not allow`);
  return (user + system) / views.length;
}
