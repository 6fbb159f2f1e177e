/**
 * Requests in a steady stream to several replicas, distributed like by a load balancer: over kept connections, and to another replica once
 * one announces its end (`Connection: close`), accepts no connection, or closes a kept one before it has sent a byte. Any other status than
 * 200 is a failure.
 */
import { Agent, type ClientRequest, request } from 'node:http';

export interface BalancedLoad {
  /** Responses with 200 so far, by replica. */
  readonly answered: readonly number[];
  readonly failures: readonly string[];
  /** Resolves once this many more have a response, or failed. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

export interface LoadOptions {
  readonly origins: readonly string[];
  readonly path: string;
  readonly bearer: string;
  readonly workers: number;
}

export function startBalancedLoad({ origins, path, bearer, workers }: LoadOptions): BalancedLoad {
  const agent = new Agent({ keepAlive: true });
  const answered = origins.map(() => 0);
  const failures: string[] = [];
  const inUse = new Set(origins.keys());
  const waiting = new Set<() => void>();
  let ended = 0;
  let next = 0;
  let stopped = false;

  const ask = (replica: number) =>
    new Promise<number>((resolve, reject) => {
      const url = `${origins[replica]}${path}`;
      const asked = request(url, { agent, headers: { authorization: `Bearer ${bearer}` } });
      asked.on('response', (answer) => {
        if (answer.headers.connection === 'close') inUse.delete(replica);
        answer.on('error', (error) => reject(new Error(`cut off: ${error.message}`)));
        answer.on('end', () => resolve(answer.statusCode ?? 0));
        answer.resume();
      });
      asked.on('error', (error) => (mayGoElsewhere(asked, error) ? resolve(elsewhere) : reject(error)));
      asked.end();
    });
  const one = async () => {
    while (inUse.size > 0) {
      const replica = [...inUse][next % inUse.size]!;
      next += 1;
      const status = await ask(replica);
      if (status === elsewhere) {
        inUse.delete(replica);
        continue;
      }
      if (status !== 200) throw new Error(`${status}`);
      answered[replica]! += 1;
      return;
    }
    throw new Error('no replica took it');
  };
  const work = async () => {
    while (!stopped) {
      await one().catch((error: Error) => failures.push(error.message));
      ended += 1;
      for (const look of waiting) look();
    }
  };
  const all = Array.from({ length: workers }, work);
  return {
    answered,
    failures,
    more(count) {
      const enough = ended + count;
      return new Promise((resolve) => {
        const look = () => {
          if (ended < enough) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
      });
    },
    async stop() {
      stopped = true;
      await Promise.all(all);
      agent.destroy();
    },
  };
}

/** Instead of a status. */
const elsewhere = -1;

function mayGoElsewhere(asked: ClientRequest, error: NodeJS.ErrnoException): boolean {
  return error.code === 'ECONNREFUSED' || (asked.reusedSocket && error.code === 'ECONNRESET');
}
