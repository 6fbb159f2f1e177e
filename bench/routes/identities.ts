/** What a decision costs among many cached identities, all used at random, and what they take in memory. */
import type { Runtime } from '../../src/app/create-runtime.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { newBearers, startDeciding, viewOf } from '../micro/deciding.ts';
import { type Spread, spread } from '../micro/report.ts';

const block = 5_000;

export interface IdentitiesCost {
  readonly fewUs: number;
  readonly manyUs: number;
  /** Many over few, pair by pair. */
  readonly ratio: Spread;
  /** Heap and other memory after a full collection, that the many take. */
  readonly addedMb: number;
}

/** Needs `--expose-gc`. */
export async function identitiesCost(
  authApi: string,
  few: number,
  many: number,
  rounds: number,
): Promise<IdentitiesCost> {
  const [ofFew, ofMany] = [startDeciding(authApi, null), startDeciding(authApi, null)];
  const fewBearers = newBearers(few).map(apart);
  await ask(ofFew, fewBearers);
  // What this benchmark itself holds of them does not count.
  const manyBearers = newBearers(many).map(apart);
  const before = heldMb();
  await ask(ofMany, manyBearers);
  const after = heldMb();
  const pairs: [few: number, many: number][] = [];
  for (let round = -rounds / 5; round < rounds; round += 1) {
    const [these, those] = [viewsOf(fewBearers), viewsOf(manyBearers)];
    const first = round % 2 === 0;
    const early = first ? decideAll(ofFew, these) : 0;
    const manyUs = decideAll(ofMany, those);
    const fewUs = first ? early : decideAll(ofFew, these);
    if (round >= 0) pairs.push([fewUs, manyUs]);
  }
  for (const { resolver, upstreams } of [ofFew, ofMany]) {
    await resolver.close();
    await upstreams.close();
  }
  return {
    fewUs: spread(pairs.map(([us]) => us)).median,
    manyUs: spread(pairs.map(([, us]) => us)).median,
    ratio: spread(pairs.map(([us, manyUs]) => manyUs / us)),
    addedMb: after - before,
  };
}

async function ask(runtime: Runtime, bearers: readonly string[]): Promise<void> {
  for (let from = 0; from < bearers.length; from += 200) {
    const some = bearers.slice(from, from + 200);
    await Promise.all(some.map((bearer) => runtime.decide(viewOf('/private/orders/7', bearer))));
  }
}

/** One flat text: those that were put together hold their parts until something looks into them. */
function apart(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function viewsOf(bearers: readonly string[]): RequestView[] {
  const any = () => bearers[Math.floor(Math.random() * bearers.length)]!;
  return Array.from({ length: block }, () => viewOf('/private/orders/7', any()));
}

/** Microseconds of CPU per decision. Throws when one is not made at once, or does not allow. */
function decideAll(runtime: Runtime, views: readonly RequestView[]): number {
  const start = process.cpuUsage();
  for (const view of views) {
    const decision = runtime.decide(view);
    if (!('outcome' in decision) || decision.outcome !== 'allow') throw new Error('a decision did not allow');
  }
  const { user, system } = process.cpuUsage(start);
  return (user + system) / views.length;
}

function heldMb(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
