/** Opens the link to Redis, which shares budgets and carries revocations, and logs each loss and each recovery once. */
import type { RedisConfig } from '../../config/config.ts';
import type { ConnectRedis, RedisLink } from '../../redis/redis-link.ts';
import type { AuthApiLog } from '../auth-api.ts';
import { withDeadline } from './with-deadline.ts';

/** How long the start waits for Redis, so that the first attempts are shared and the first messages heard. */
const patienceMs = 1_000;

/** Usable whether connected or not: the API starts and serves without Redis. */
export async function openLink(config: RedisConfig, connect: ConnectRedis, log: AuthApiLog): Promise<RedisLink> {
  const first = Promise.withResolvers<void>();
  let away = false;
  const link = connect(config, {
    name: 'rolegate-auth-api',
    onReady() {
      away = false;
      first.resolve();
      log.info({}, 'Redis connected');
    },
    onAway(reason) {
      first.resolve();
      if (away) return;
      away = true;
      log.warn({ reason }, 'Redis is away: limits count in each process alone');
    },
  });
  await withDeadline(first.promise, patienceMs).catch(() => {});
  return link;
}
