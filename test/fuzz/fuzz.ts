/**
 * The loop of the fuzz and its oracles: the process lives and reports no fault, answers belong to the requests of their
 * connection one to one, both lenient services see the same requests, and none that the client may not make.
 */
import { setTimeout } from 'node:timers/promises';
import { leniencies } from '../security/support/lenient-reading.ts';
import { makeCase } from './grammar.ts';
import { playCase } from './play-case.ts';
import { createRandom } from './random.ts';
import { type FuzzWorld, startFuzzWorld } from './world.ts';

export interface FuzzOptions {
  readonly seconds: number;
  readonly seed: number;
  /** First case; the cases before it are left out. */
  readonly from?: number;
  /** Cases at most. */
  readonly cases?: number;
  readonly progress?: (line: string) => void;
  /** What is fuzzed; left out: the gateway. */
  readonly world?: () => Promise<FuzzWorld>;
}

export interface FuzzReport {
  readonly seed: number;
  readonly cases: number;
  readonly wellFormed: number;
  readonly answers: Readonly<Record<string, number>>;
  /** Requests that reached the services. */
  readonly forwarded: number;
  readonly problems: readonly FuzzProblem[];
}

export interface FuzzProblem {
  readonly index: number;
  readonly what: string;
  readonly bytes: string;
}

/** Ends early after this many problems. */
const maxProblems = 20;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const world = await (options.world ?? startFuzzWorld)();
  const problems: FuzzProblem[] = [];
  const answers: Record<string, number> = {};
  let [cases, wellFormed, forwarded] = [0, 0, 0];
  const until = performance.now() + options.seconds * 1000;
  let nextReport = performance.now() + 30_000;
  try {
    for (let index = options.from ?? 0; cases < (options.cases ?? Number.POSITIVE_INFINITY); index += 1) {
      if (performance.now() > until || problems.length >= maxProblems) break;
      const one = makeCase(index, createRandom(options.seed, index));
      const report = (what: string) =>
        problems.push({ index, what, bytes: JSON.stringify(one.bytes.toString('latin1')) });
      const { statuses, problem, finished } = await playCase(world.port, one);
      cases += 1;
      for (const status of statuses) answers[status] = (answers[status] ?? 0) + 1;
      if (problem !== null) report(problem);
      for (const upstream of world.upstreams) {
        const harms = upstream.harms();
        if (harms.length > 0) {
          report(`${harms.join(', ')} (of this case or the one before): ${JSON.stringify(upstream.received())}`);
          upstream.clear();
        }
      }
      if (one.wellFormed !== null) {
        wellFormed += 1;
        if (!finished && problem === null) report('a well-formed case was not answered to its end');
        const differing = await untilAgreed(world);
        if (differing !== null) report(`the services read differently (in one of the last cases): ${differing}`);
        for (const upstream of world.upstreams) {
          forwarded += upstream.seen('length-first').length;
          upstream.clear();
        }
      }
      const ended = world.ended();
      if (ended !== null) {
        report(`the process ended: ${ended}`);
        break;
      }
      if (performance.now() > nextReport) {
        nextReport += 30_000;
        options.progress?.(`${cases} cases, ${problems.length} problems`);
      }
    }
    for (const fault of world.faults())
      problems.push({ index: -1, what: 'a fault in the log', bytes: fault.slice(0, 1000) });
  } finally {
    const code = await world.stop();
    if (code !== 0) problems.push({ index: -1, what: `the process ended with ${code}`, bytes: '' });
  }
  return { seed: options.seed, cases, wellFormed, answers, forwarded, problems };
}

/** Waits for requests on their way; what then still differs between the two readings of a service, or null. */
async function untilAgreed(world: FuzzWorld): Promise<string | null> {
  let differing: string | null = null;
  for (let tries = 0; tries < 1_000; tries += 1) {
    differing = null;
    for (const upstream of world.upstreams) {
      const [first, second] = leniencies.map((leniency) =>
        upstream
          .seen(leniency)
          .map(({ method, target }) => `${method} ${target}`)
          .sort()
          .join('\n'),
      );
      const undecided = upstream.undecided();
      if (first !== second)
        differing = `${JSON.stringify(first)} and ${JSON.stringify(second)}: ${JSON.stringify(upstream.received())}`;
      else if (undecided.length > 0) differing = `undecided: ${JSON.stringify(undecided)}`;
    }
    if (differing === null) return null;
    await setTimeout(10);
  }
  return differing;
}
