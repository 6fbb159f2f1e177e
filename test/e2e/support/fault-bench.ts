/**
 * Shared by the files with faults: an installation with demanding settings, the requirements of a run, and its table.
 */
import { expect } from 'vitest';
import { requestOf, type TestCredential, times } from './credentials.ts';
import { type Fault, type FaultPhases, type FaultRun, runFault } from './fault-run.ts';
import { keepFigures, table } from './figures.ts';
import { type Installation, startInstallation } from './installation.ts';
import { makeKnown } from './steady-load.ts';

/**
 * The request rate for the machine, reduced where it cannot keep up: the machine's own queue is not a fault of the
 * gateway.
 */
const wantedPerS = 2_000;
/** A share of what it sustains without a pause. */
const loadShare = 0.35;
export const short: FaultPhases = { beforeMs: 1_000, duringMs: 3_000, afterMs: 2_500 };
export const long: FaultPhases = { ...short, duringMs: 5_000 };

/** Verdicts end while the faults last, so known credentials must not stay known by luck alone. */
const lifetimes = ['accepted: 3s', 'rejected: 1s', 'staleOnOutage: 1m'];
const redisTimeoutMs = 50;
/** Of a healthy Auth API. */
export const latencyMs = 5;

export interface Deadlines {
  readonly authApiMs: number;
  /** A machine that stalls for longer disconnects a replica, and a disconnected one serves no stale verdict. */
  readonly whileDisconnectedMs: number;
}

/**
 * What a fast machine adds, and a multiple of what it adds to requests that need no verdict, or to all without a fault.
 */
const allowance = { minMs: 400, times: 3 };
/** `redis`: value for the key of that name. */
export async function installBefore(
  redis: string,
  { authApiMs, whileDisconnectedMs }: Deadlines,
): Promise<Installation> {
  const cache = [`redis: ${redis}`, ...lifetimes, `whileDisconnected: ${whileDisconnectedMs}ms`];
  const installation = await startInstallation({
    replicas: times(3, () => cache),
    // After a stall of the machine, requests that were due arrive at once, all from one client: its share of the calls would refuse them.
    authApiKeys: [`timeout: ${authApiMs}ms`, 'breaker: { failures: 5, open: 1s }', 'concurrency: 1000'],
    // A request waiting for the Auth API occupies a connection: a public request must not have to wait for one of
    // those.
    connections: 1_000,
  });
  await installation.authApi.behave('fine', latencyMs);
  return installation;
}

/** A request rate that leaves this machine, with its current load, some reserve. */
async function bearableRate({ client, replicas }: Installation, known: readonly TestCredential[]): Promise<number> {
  const bytes = known.map((one) => requestOf('/user/x', one));
  const ask = (total: number) =>
    client.closedLoop(total, 60, (index) => ({ target: index % replicas.length, bytes: bytes[index % bytes.length]! }));
  // The first of them warm up the code.
  await ask(6_000);
  const startMs = performance.now();
  await ask(4_000);
  const perS = (4_000 / (performance.now() - startMs)) * 1_000;
  return Math.min(wantedPerS, Math.ceil(perS * loadShare));
}

/** For the time of the same requests without a fault. */
export const noFault: Fault = { name: 'none', begin: async () => {}, end: async () => {} };
const isCalm = ({ name }: FaultRun) => name === noFault.name;

export class FaultTable {
  readonly #runs: FaultRun[] = [];
  /** The configured wait of a request: one call to the Auth API, and two commands to Redis. */
  readonly #boundMs: number;

  /** `callMs`: the longest call during the faults: `authApi.timeout`, or less if it is not the Auth API that fails. */
  constructor(callMs: number) {
    this.#boundMs = callMs + 2 * redisTimeoutMs;
  }

  /** `excused`: statuses allowed for credentials that are not known yet. */
  async run(
    installation: Installation,
    fault: Fault,
    lasts: FaultPhases,
    excused: (status: number) => boolean = () => false,
  ): Promise<FaultRun> {
    const known = makeKnown(24);
    await installation.authApi.allow(...known);
    const run = await runFault(installation, known, fault, {
      ...lasts,
      ratePerS: await bearableRate(installation, known),
    });
    const slownessMs = Math.max(run.publicP99Ms, ...this.#runs.filter(isCalm).map(({ p99Ms }) => p99Ms));
    this.#runs.push(run);
    expect(run.wronglyRefused).toEqual([]);
    expect(run.wronglyAllowed).toEqual([]);
    expect(run.errorsOfKnown).toEqual([]);
    expect(run.errorsOfUnknown.filter(({ status }) => !excused(status))).toEqual([]);
    expect(run.p99Ms).toBeLessThan(this.#boundMs + allowance.minMs + allowance.times * slownessMs);
    return run;
  }

  keep(name: string): void {
    expect(this.#runs.length).toBeGreaterThan(0);
    const ms = (value: number) => value.toFixed(0);
    const rows = this.#runs.map((run) => [
      run.name,
      run.requests,
      ms(run.ratePerS),
      run.wronglyRefused.length,
      run.wronglyAllowed.length,
      run.errorsOfKnown.length,
      run.errorsOfUnknown.length,
      run.stale,
      ms(run.p50Ms),
      ms(run.publicP99Ms),
      ms(run.knownP99Ms),
      ms(run.p99Ms),
      ms(this.#boundMs),
      ms(run.maxMs),
      ms(run.recoveredAfterMs),
      `${(run.deafShare * 100).toFixed(0)} %`,
    ]);
    const head = [
      'fault',
      'requests',
      '/s',
      'wrong 401, 403',
      'wrong 200',
      'errors, known',
      'errors, unknown',
      'stale',
    ];
    const timesHead = [
      'p50 ms',
      'p99 ms, public',
      'p99 ms, known',
      'p99 ms, all',
      'bound by the deadlines, ms',
      'max ms',
      'last error after the end, ms',
      'did not hear',
    ];
    keepFigures(name, table([...head, ...timesHead], rows));
  }
}
