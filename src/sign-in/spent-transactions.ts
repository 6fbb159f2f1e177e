/** Transactions that a callback has used: each is for one use, on every replica if they share a Redis. */
import { randomBytes } from 'node:crypto';
import { SessionStoreUnavailable } from '../identity/sessions/session-store.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import { transactionLifeMs } from './transaction.ts';

export interface SpentTransactions {
  /** False: it was used before. Rejects with `SessionStoreUnavailable` while Redis does not respond. */
  spend(id: string): Promise<boolean>;
}

/** Beyond it, the oldest are forgotten; a provider accepts a code once anyway. */
const maxRemembered = 50_000;

export function createSpentTransactions(
  now: () => number,
  redis: { link: RedisLink; keyPrefix: string } | null,
): SpentTransactions {
  const spentUntil = new Map<string, number>();

  function spendHere(id: string): boolean {
    const nowMs = now();
    const isNew = (spentUntil.get(id) ?? 0) <= nowMs;
    spentUntil.delete(id);
    spentUntil.set(id, nowMs + transactionLifeMs);
    for (const [oldest, untilMs] of spentUntil) {
      if (untilMs > nowMs && spentUntil.size <= maxRemembered) break;
      spentUntil.delete(oldest);
    }
    return isNew;
  }

  return {
    async spend(id) {
      if (!spendHere(id)) return false;
      if (redis === null) return true;
      const { link, keyPrefix } = redis;
      const mark = randomBytes(8).toString('base64url');
      const key = `${keyPrefix}sign-in:{${id}}`;
      try {
        return (await link.run((client) => client.set(key, mark, 'PX', transactionLifeMs, 'NX'))) !== null;
      } catch (error) {
        throw new SessionStoreUnavailable('Redis does not respond', { cause: error });
      }
    },
  };
}
