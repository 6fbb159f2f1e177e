/** The contract suite for the verdict cache in Redis. */
import { vi } from 'vitest';
import { deriveCacheKeys } from '../../../src/identity/cache/cache-key.ts';
import { RedisCache } from '../../../src/identity/cache/redis-cache.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { describeVerdictStore } from '../../contract/verdict-cache.ts';
import { useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { recordEvents } from '../../unit/identity/recorded-events.ts';

describeVerdictStore('RedisCache', async () => {
  const { url, keyPrefix } = await useRedis();
  const events = recordEvents();
  const keys = deriveCacheKeys('a secret of at least thirty-two characters');
  const link = connectRedis(redisConfig(url, keyPrefix), { name: 'contract' });
  const store = new RedisCache({ link, keyPrefix, keys, events });
  await vi.waitUntil(() => link.ready);
  return { store, close: async () => link.close() };
});
