/** Starts and controls an Auth API process: its users, how it fails, and its calls with their times. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Call, FromProcess, KnownCredential, Mood, Order } from './steered-auth-api-protocol.ts';

export interface SteeredAuthApi {
  /** Origin, such as `http://127.0.0.1:1234`. */
  readonly url: string;
  allow(...known: readonly KnownCredential[]): Promise<void>;
  /** Once this resolves, arriving calls are judged with these revoked. */
  forget(...credentials: readonly string[]): Promise<void>;
  /** Default latency: none. */
  behave(mood: Mood, latencyMs?: number): Promise<void>;
  /** Every call since the start or the last reset, oldest first. */
  calls(): Promise<readonly Call[]>;
  /** Number of calls per credential. */
  callCounts(): Promise<ReadonlyMap<string, number>>;
  resetCalls(): Promise<void>;
  close(): Promise<void>;
}

export async function startSteeredAuthApi(): Promise<SteeredAuthApi> {
  const child = fork(fileURLToPath(new URL('steered-auth-api-process.ts', import.meta.url)), { execArgv: [] });
  const [first] = (await once(child, 'message')) as [FromProcess];
  if (!('port' in first)) throw new Error('the Auth API process did not say where it listens');
  const order = orders(child);
  const calls = async () => (await order({ op: 'calls' })) ?? [];
  return {
    url: `http://127.0.0.1:${first.port}`,
    allow: async (...known) => void (await order({ op: 'allow', known })),
    forget: async (...credentials) => void (await order({ op: 'forget', credentials })),
    behave: async (mood, latencyMs = 0) => void (await order({ op: 'behave', mood, latencyMs })),
    calls,
    async callCounts() {
      const counts = new Map<string, number>();
      for (const { credential } of await calls()) counts.set(credential, (counts.get(credential) ?? 0) + 1);
      return counts;
    },
    resetCalls: async () => void (await order({ op: 'resetCalls' })),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

type Send = (order: Order) => Promise<readonly Call[] | undefined>;

function orders(child: ChildProcess): Send {
  let serial = 0;
  const waiting = new Map<number, (answer: Extract<FromProcess, { serial: number }>) => void>();
  child.on('message', (answer: FromProcess) => {
    if ('port' in answer) return;
    waiting.get(answer.serial)?.(answer);
    waiting.delete(answer.serial);
  });
  return (order) =>
    new Promise((resolve, reject) => {
      serial += 1;
      waiting.set(serial, ({ calls, error }) => (error === undefined ? resolve(calls) : reject(new Error(error))));
      child.send({ ...order, serial });
    });
}
