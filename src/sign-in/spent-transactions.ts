/** Transactions that a callback has used: each is for one use, on every replica if they share a Redis. */
import { randomBytes } from 'node:crypto';
import { SessionStoreUnavailable } from '../identity/sessions/session-store.ts';
import type { RedisClient, RedisLink } from '../redis/redis-link.ts';
import { transactionLifeMs } from './transaction.ts';

export interface SpentTransactions {
  /** False: it was used before. Rejects with `SessionStoreUnavailable` while Redis does not respond. */
  spend(id: string): Promise<boolean>;
  /** For another attempt in a transaction that this caller has spent, and that opened no session. Rejects likewise. */
  restore(id: string): Promise<void>;
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

  async function run<Reply>(id: string, command: (client: RedisClient, key: string) => Promise<Reply>): Promise<Reply> {
    const { link, keyPrefix } = redis!;
    try {
      return await link.run((client) => command(client, `${keyPrefix}sign-in:{${id}}`));
    } catch (error) {
      throw new SessionStoreUnavailable('Redis does not respond', { cause: error });
    }
  }

  return {
    async spend(id) {
      if (!spendHere(id)) return false;
      if (redis === null) return true;
      const mark = randomBytes(8).toString('base64url');
      return (await run(id, (client, key) => client.set(key, mark, 'PX', transactionLifeMs, 'NX'))) !== null;
    },
    async restore(id) {
      if (redis !== null) await run(id, (client, key) => client.del(key));
      spentUntil.delete(id);
    },
  };
}
