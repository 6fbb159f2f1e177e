import { vi } from 'vitest';
import { deriveCacheKeys } from '../../src/identity/cache/cache-key.ts';
import { MemoryCache } from '../../src/identity/cache/memory-cache.ts';
import { RedisCache } from '../../src/identity/cache/redis-cache.ts';
import { connectRedis } from '../../src/redis/connect-redis.ts';
import { useRedis } from '../support/redis.ts';
import { redisConfig } from '../support/redis-config.ts';
import { recordEvents } from '../unit/identity/recorded-events.ts';
import { describeVerdictStore } from './verdict-cache.ts';

describeVerdictStore('MemoryCache', async () => ({
  store: new MemoryCache({ maxAccepted: 100, maxRejected: 100, maxBytes: 1_000_000, staleOnOutageMs: 0 }),
  close: async () => {},
}));

describeVerdictStore('RedisCache', async () => {
  const { url, keyPrefix } = await useRedis();
  const events = recordEvents();
  const keys = deriveCacheKeys('a secret of at least thirty-two characters');
  const link = connectRedis(redisConfig(url, keyPrefix), { name: 'contract' });
  const store = new RedisCache({ link, keyPrefix, keys, events });
  await vi.waitUntil(() => link.ready, { timeout: 5_000 });
  return { store, close: async () => link.close() };
});
