/**
 * Bounds the concurrent calls to the Auth API, and the waiting ones to the same number. Once calls must wait, a client begins at most half
 * of them, so that made-up credentials leave room for other clients.
 */
import { ClientShares } from '../../client-shares.ts';

export interface Turns {
  /**
   * Runs a call of `client` when its turn comes; `busy` if there is no room to wait, or none for this client, or if the turn comes after
   * `deadlineMs` (of `performance.now()`). Every call ends by its deadline, so every wait does too.
   */
  take<T>(call: () => Promise<T>, deadlineMs: number, client?: string): Promise<T | 'busy'>;
}

/** `concurrency`: maximum concurrent calls; as many may wait. */
export function createTurns(concurrency: number): Turns {
  const shares = new ClientShares(Math.max(1, concurrency >> 1));
  /** Each begins the call that waits. */
  const waiting: (() => void)[] = [];
  let running = 0;
  return {
    async take(call, deadlineMs, client) {
      const isCrowded = running === concurrency;
      if (!shares.allow(client, isCrowded) || (isCrowded && waiting.length === concurrency)) return 'busy';
      shares.begin(client);
      if (isCrowded) await new Promise<void>((begin) => waiting.push(begin));
      else running += 1;
      try {
        return performance.now() >= deadlineMs ? 'busy' : await call();
      } finally {
        const next = waiting.shift();
        // A call that waited takes over this turn.
        if (next === undefined) running -= 1;
        else next();
        shares.end(client);
      }
    },
  };
}
