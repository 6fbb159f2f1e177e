/**
 * What a decision costs among many cached identities, what they take in memory, and beside it what the machine asks for
 * any look-up by text: a bare `Map` with as many keys, and one read of memory that no cache holds.
 */
import type { Runtime } from '../../src/app/create-runtime.ts';
import type { RequestView } from '../../src/core/request/request-view.ts';
import { readRequestHead } from '../../src/http1/grammar/request-head.ts';
import { type Spread, spread } from '../spread.ts';
import { newBearers, startDeciding } from './deciding.ts';

/** Requests that are read and then decided: few enough that what was read is still warm, as it is behind a socket. */
const block = 200;
/** Of each case in a round. */
const blocks = 10;

export interface IdentitiesCost {
  readonly cases: readonly CaseCost[];
  /** Of a decision among the many, all of them used at random, over one among the few. */
  readonly ratio: Spread;
  /** Nanoseconds of one read that waits for memory. */
  readonly touchNs: number;
  /** Heap and other memory after a full collection, that the many take. */
  readonly addedMb: number;
}

export interface CaseCost {
  readonly name: string;
  readonly ns: number;
  /** Over the first case of its kind, round by round. */
  readonly ratio: Spread;
}

/** As tables, with the aims. */
export function printableIdentities(
  { cases, ratio, touchNs, addedMb }: IdentitiesCost,
  aims: { readonly ratio: number; readonly addedMb: number },
): string {
  const met = (value: number, aim: number) => `<= ${aim}: ${value <= aim ? 'met' : 'NOT met'}`;
  const rows = cases.map(({ name, ns, ratio: { p25, median, p75 } }) => {
    const shown = [p25, median, p75].map((value) => value.toFixed(2)).join(' - ');
    return `| ${name} | ${ns.toFixed(0)} | ${shown} |`;
  });
  return [
    '| | ns | over the first of its kind (p25 - median - p75) |',
    '|---|---:|---|',
    ...rows,
    `| one read that waits for memory | ${touchNs.toFixed(0)} | |`,
    '',
    `all of the many at random over the few: ${ratio.median.toFixed(2)}, aim ${met(ratio.median, aims.ratio)}`,
    `the many take ${addedMb.toFixed(0)} MB, aim ${met(addedMb, aims.addedMb)}`,
  ].join('\n');
}

interface Case {
  readonly name: string;
  /** What its ratio is taken to. */
  readonly against: string;
  readonly bearers: readonly string[];
  /** Which one comes next. */
  readonly pick: () => number;
  readonly run: (views: readonly RequestView[]) => void;
}

/** Needs `--expose-gc`. */
export async function identitiesCost(
  authApi: string,
  few: number,
  many: number,
  rounds: number,
): Promise<IdentitiesCost> {
  const [ofFew, ofMany] = [startDeciding(authApi), startDeciding(authApi)];
  const fewBearers = newBearers(few).map(apart);
  await ask(ofFew, fewBearers);
  // What this benchmark itself holds of them does not count.
  const manyBearers = newBearers(many).map(apart);
  const before = heldMb();
  await ask(ofMany, manyBearers);
  const addedMb = heldMb() - before;
  const ofDecision = `a decision, ${few} cached`;
  const ofMap = `a bare Map, ${few} texts`;
  const cases: readonly Case[] = [
    { name: ofDecision, against: ofDecision, bearers: fewBearers, pick: anyOf(few), run: deciding(ofFew) },
    {
      name: `a decision, ${many} cached`,
      against: ofDecision,
      bearers: manyBearers,
      pick: anyOf(many),
      run: deciding(ofMany),
    },
    {
      name: `a decision, ${many} cached, used as in Zipf's law`,
      against: ofDecision,
      bearers: manyBearers,
      pick: zipf(many),
      run: deciding(ofMany),
    },
    {
      name: `a decision, ${many} cached, ${few} of them used`,
      against: ofDecision,
      bearers: manyBearers,
      pick: oneIn(many / few, many),
      run: deciding(ofMany),
    },
    { name: ofMap, against: ofMap, bearers: fewBearers, pick: anyOf(few), run: lookingUp(mapOf(fewBearers)) },
    {
      name: `a bare Map, ${many} texts`,
      against: ofMap,
      bearers: manyBearers,
      pick: anyOf(many),
      run: lookingUp(mapOf(manyBearers)),
    },
  ];
  const nsOf = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = -Math.ceil(rounds / 5); round < rounds; round += 1) {
    // Who goes first takes turns.
    for (let turn = 0; turn < cases.length; turn += 1) {
      const one = cases[(turn + round + cases.length * rounds) % cases.length]!;
      const ns = measure(one);
      if (round >= 0) nsOf.get(one.name)!.push(ns);
    }
  }
  for (const { resolver, upstreams } of [ofFew, ofMany]) {
    await resolver.close();
    await upstreams.close();
  }
  const costs = cases.map(({ name, against }) => {
    const own = nsOf.get(name)!;
    return { name, ns: spread(own).median, ratio: spread(own.map((ns, round) => ns / nsOf.get(against)![round]!)) };
  });
  return { cases: costs, ratio: costs[1]!.ratio, touchNs: touchNs(), addedMb };
}

/** Nanoseconds for each request of a round: by the clock, as the system counts the CPU of a thread in steps of milliseconds. */
function measure({ bearers, pick, run }: Case): number {
  let ms = 0;
  for (let done = 0; done < blocks; done += 1) {
    const views = Array.from({ length: block }, () => received(bearers[pick()]!));
    const start = performance.now();
    run(views);
    ms += performance.now() - start;
  }
  return (ms * 1e6) / (blocks * block);
}

/** Throws when a decision is not made at once, or does not allow. */
function deciding(runtime: Runtime): Case['run'] {
  return (views) => {
    for (const view of views) {
      const decision = runtime.decide(view, runtime.policy, runtime.resolve);
      if (!('outcome' in decision) || decision.outcome !== 'allow') throw new Error('a decision did not allow');
    }
  };
}

interface Named {
  readonly name: string;
}

/** The least that finds something by a text: one look-up of the bearer in a `Map`, and one field read. */
function lookingUp(map: ReadonlyMap<string, Named>): Case['run'] {
  return (views) => {
    for (const { rawHeaders } of views) {
      const found = map.get(rawHeaders[3]!.slice('Bearer '.length));
      if (found?.name !== 'known') throw new Error('a text was not found');
    }
  };
}

function mapOf(bearers: readonly string[]): ReadonlyMap<string, Named> {
  return new Map(bearers.map((bearer) => [apart(bearer), { name: 'known' }]));
}

/** The view of a request as the proxy makes it of what comes out of a socket. */
function received(bearer: string): RequestView {
  const text = `GET /private/orders/7 HTTP/1.1\r\nHost: api.example.test\r\nAuthorization: Bearer ${bearer}`;
  const head = readRequestHead(text);
  if (typeof head === 'string') throw new Error('a request could not be read');
  const { method, target, rawHeaders } = head;
  return { method, target, rawHeaders, httpVersion: '1.1', client: '203.0.113.7', address: null };
}

async function ask(runtime: Runtime, bearers: readonly string[]): Promise<void> {
  for (let from = 0; from < bearers.length; from += 200) {
    const some = bearers.slice(from, from + 200);
    await Promise.all(some.map((bearer) => runtime.decide(received(bearer), runtime.policy, runtime.resolve)));
  }
}

/** One flat text: those that were put together hold their parts until something looks into them. */
function apart(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

function anyOf(count: number): () => number {
  return () => Math.floor(Math.random() * count);
}

/** One in `step`, so that those in use lie among those that are not. */
function oneIn(step: number, count: number): () => number {
  return () => Math.floor((Math.random() * count) / step) * step;
}

/** The second most frequent comes half as often as the first, the third a third as often. Ranks lie scattered. */
function zipf(count: number): () => number {
  const upTo = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 1);
    upTo[rank] = sum;
  }
  const scatter = 7_919;
  return () => {
    const drawn = Math.random() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle]! < drawn) low = middle + 1;
      else high = middle;
    }
    return (low * scatter) % count;
  };
}

/** Each read of a walk through 64 MB tells where the next one is. */
function touchNs(): number {
  const [line, lines, steps] = [16, 2 ** 20, 2 ** 20];
  const order = Int32Array.from({ length: lines }, (_, index) => index);
  for (let left = lines - 1; left > 0; left -= 1) {
    const other = Math.floor(Math.random() * left);
    [order[left], order[other]] = [order[other]!, order[left]!];
  }
  const walk = new Int32Array(lines * line);
  for (let index = 0; index < lines; index += 1) walk[order[index]! * line] = order[(index + 1) % lines]! * line;
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    let at = 0;
    for (let step = 0; step < steps; step += 1) at = walk[at]!;
    const ms = performance.now() - start;
    if (at % line !== 0) throw new Error('the walk lost its way');
    return (ms * 1e6) / steps;
  });
  return spread(times).median;
}

function heldMb(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1024 / 1024;
}
