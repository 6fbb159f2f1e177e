import { vi } from 'vitest';
import { deriveCacheKeys } from '../../src/identity/cache-key.ts';
import { MemoryCache } from '../../src/identity/memory-cache.ts';
import { RedisCache } from '../../src/identity/redis-cache.ts';
import { useRedis } from '../support/redis.ts';
import { recordEvents } from '../unit/identity/recorded-events.ts';
import { describeVerdictStore } from './verdict-cache.ts';

describeVerdictStore('MemoryCache', async () => ({
  store: new MemoryCache({ maxAccepted: 100, maxRejected: 100, staleOnOutageMs: 0 }),
  close: async () => {},
}));

describeVerdictStore('RedisCache', async () => {
  const { url, keyPrefix } = await useRedis();
  const events = recordEvents();
  const keys = deriveCacheKeys('a secret of at least thirty-two characters');
  const store = new RedisCache({ config: { url, keyPrefix, commandTimeoutMs: 5_000 }, keys, events });
  await vi.waitUntil(() => events.lines.includes('redis connection ok'), { timeout: 5_000 });
  return { store, close: async () => store.close() };
});
