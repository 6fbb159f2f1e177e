/** One fault under steady load: before, during and after it, and the resulting row of the table. */

import type { TestCredential } from './credentials.ts';
import { newBearer, requestOf } from './credentials.ts';
import { max, quantile } from './figures.ts';
import type { Installation } from './installation.ts';
import { type Answered, type Class, judge, type Outcome, startSteadyLoad } from './steady-load.ts';

export interface Fault {
  readonly name: string;
  begin(): Promise<void>;
  end(): Promise<void>;
}

export interface FaultRun extends Outcome {
  readonly name: string;
  /** Requests sent per second, over the whole run. */
  readonly ratePerS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** For the public route: the machine's own share. */
  readonly publicP99Ms: number;
  /** Share of the run during which a replica was disconnected from revocations, averaged over the replicas. */
  readonly deafShare: number;
  /** For known credentials only. */
  readonly knownP99Ms: number;
  /** From the end of the fault to the end of the last wrong response or error; 0 if there was none after it. */
  readonly recoveredAfterMs: number;
}

export interface FaultPhases {
  readonly beforeMs: number;
  readonly duringMs: number;
  readonly afterMs: number;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function runFault(
  installation: Installation,
  known: readonly TestCredential[],
  fault: Fault,
  times: FaultPhases & { readonly ratePerS: number },
): Promise<FaultRun> {
  const { ratePerS, beforeMs, duringMs, afterMs } = times;
  await untilWhole(installation, known);
  // Starting and ending a fault takes time too: the same again.
  const maxMs = 2 * (beforeMs + duringMs + afterMs) + 10_000;
  const load = await startSteadyLoad(installation, { ratePerS, maxMs, known });
  const hearing = sampleHearing(installation);
  const startMs = performance.now();
  await pause(beforeMs);
  await fault.begin();
  await pause(duringMs);
  await fault.end();
  const endedMs = performance.now();
  await pause(afterMs);
  const deafShare = await hearing.stop();
  const lastedMs = performance.now() - startMs;
  const answers = await load.stop();
  const outcome = judge(answers);
  const took = answers.map(({ tookMs }) => tookMs);
  const wrong = [outcome.wronglyRefused, outcome.wronglyAllowed, outcome.errorsOfKnown, outcome.errorsOfUnknown].flat();
  return {
    ...outcome,
    name: fault.name,
    ratePerS: (answers.length / lastedMs) * 1000,
    p50Ms: quantile(took, 0.5),
    p99Ms: quantile(took, 0.99),
    maxMs: max(took),
    publicP99Ms: quantile(timesOf(answers, 'public'), 0.99),
    deafShare,
    knownP99Ms: quantile(timesOf(answers, 'known'), 0.99),
    recoveredAfterMs: Math.max(0, max(wrong.map((one) => one.endedMs - endedMs))),
  };
}

/** Polls every replica for its connection to revocations; returns the share of negative responses. */
function sampleHearing({ replicas }: Installation): { stop(): Promise<number> } {
  let going = true;
  let [asked, deaf] = [0, 0];
  const ask = async () => {
    while (going) {
      const scrapes = await Promise.all(replicas.map((replica) => replica.metrics()));
      asked += scrapes.length;
      deaf += scrapes.filter((scrape) => scrape.sum('rolegate_revocations_connected') === 0).length;
      await pause(250);
    }
  };
  const asking = ask();
  return {
    async stop() {
      going = false;
      await asking;
      return deaf / asked;
    },
  };
}

function timesOf(answers: readonly Answered[], kind: Class): number[] {
  return answers.filter((one) => one.class === kind).map(({ tookMs }) => tookMs);
}

/** Every replica accepts a new credential and all known ones; rejects when that takes too long. */
async function untilWhole({ authApi, client, replicas }: Installation, known: readonly TestCredential[]) {
  const deadlineMs = performance.now() + 60_000;
  for (const target of replicas.keys()) {
    for (;;) {
      const fresh = newBearer();
      await authApi.allow(fresh);
      const exchanges = await Promise.all(
        [...known, fresh].map((one) => client.send(target, requestOf('/user/x', one))),
      );
      if (exchanges.every(({ status }) => status === 200)) break;
      if (performance.now() > deadlineMs) throw new Error('a replica did not get well after the last fault');
      await pause(100);
    }
  }
}
