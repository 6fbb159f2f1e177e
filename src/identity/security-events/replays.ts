/**
 * Remembers the ids of event tokens and webhooks for as long as they could be sent again: in memory, within a bound, and in Redis for all
 * replicas. A replay only revokes what is already revoked, so it is harmless if the bound or an outage of Redis causes one to be forgotten.
 */
import { hash } from 'node:crypto';
import { RecentNames } from '../../limits/recent-names.ts';
import type { RedisLink } from '../../redis/redis-link.ts';

export interface Replays {
  /** False: it is already known. It is remembered only briefly: if this process ends meanwhile, it can be sent again. */
  first(name: string): Promise<boolean>;
  /** Whether it has taken effect, or is about to. Never rejects. */
  seen(name: string): Promise<boolean>;
  /** It has taken effect. Never rejects. */
  keep(name: string, lifeMs: number): Promise<void>;
  /** It may be sent again: it had no effect, or not everywhere. */
  forget(name: string): Promise<void>;
}

export interface ReplaysOptions {
  readonly link: Pick<RedisLink, 'run'> | null;
  readonly keyPrefix: string;
  readonly now: () => number;
}

const maxRemembered = 50_000;
/** Longer than an announcement to every replica takes. */
const momentMs = 30_000;

export function createReplays({ link, keyPrefix, now }: ReplaysOptions): Replays {
  const seen = new RecentNames(maxRemembered);
  const keyOf = (name: string) => `${keyPrefix}event:${hash('sha256', name, 'base64url')}`;

  return {
    async first(name) {
      const nowMs = now();
      if (seen.has(name, nowMs)) return false;
      seen.add(name, nowMs + momentMs);
      if (link === null) return true;
      const reply = await link.run((client) => client.set(keyOf(name), '1', 'PX', momentMs, 'NX')).catch(() => 'OK');
      return reply === 'OK';
    },
    async seen(name) {
      if (seen.has(name, now())) return true;
      return (await link?.run((client) => client.exists(keyOf(name))).catch(() => 0)) === 1;
    },
    async keep(name, lifeMs) {
      seen.add(name, now() + lifeMs);
      await link?.run((client) => client.set(keyOf(name), '1', 'PX', lifeMs)).catch(() => {});
    },
    async forget(name) {
      seen.delete(name);
      await link?.run((client) => client.del(keyOf(name))).catch(() => {});
    },
  };
}
