/**
 * So many calls to the Auth API at once, as many waiting, and no more: nothing here queues without a bound. Once calls
 * have to wait, no client begins more than half of them, so that made-up credentials leave room for everybody else.
 */
import { BulkheadRejectedError, bulkhead } from 'cockatiel';
import { ClientShares } from '../../client-shares.ts';

export interface Turns {
  /**
   * Runs a call of `client` when its turn comes; `busy` when there is no room to wait, or none for this client, or when
   * the turn comes after `deadlineMs` (of `performance.now()`). As every call ends by its own deadline, so does every wait.
   */
  take<T>(call: () => Promise<T>, deadlineMs: number, client?: string): Promise<T | 'busy'>;
}

/** `concurrency`: calls at once; as many again may wait. */
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
