/**
 * Bounds the concurrent calls to the Auth API, and the waiting ones to the same number. Once calls must wait, a client begins at most half
 * of them, so that made-up credentials leave room for other clients.
 */
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
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
  const turns = bulkhead(concurrency, concurrency);
  const shares = new ClientShares(Math.max(1, concurrency >> 1));
  return {
    async take<T>(call: () => Promise<T>, deadlineMs: number, client?: string): Promise<T | 'busy'> {
      if (!shares.allow(client, turns.executionSlots === 0)) return 'busy';
      shares.begin(client);
      try {
        return await turns.execute<T | 'busy'>(() =>
          performance.now() >= deadlineMs ? Promise.resolve('busy' as const) : call(),
        );
      } catch (error) {
        if (error instanceof BulkheadRejectedError) return 'busy';
        throw error;
      } finally {
        shares.end(client);
      }
    },
  };
}
