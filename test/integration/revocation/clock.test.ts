/** How far the clock of a gateway is from that of Redis, by the replies that it gets anyway. */
import { expect, test, vi } from 'vitest';
import { useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { portOf, startPartOn } from './parts.ts';

test.each([
  ['right', 0],
  ['ten minutes ahead', 600_000],
  ['three seconds behind', -3_000],
])('a clock that is %s', async (_, offMs) => {
  const { url, keyPrefix } = await useRedis();
  const config = redisConfig(`redis://127.0.0.1:${portOf(url)}`, keyPrefix, 500);
  const { events } = startPartOn(config, 400, () => Date.now() + offMs);
  await vi.waitFor(() => expect(events.aheadMs.length).toBeGreaterThan(2), { timeout: 10_000 });
  // A reply takes at most the 500 ms of this connection.
  const closest = Math.min(...events.aheadMs.map((aheadMs) => Math.abs(aheadMs - offMs)));
  expect(closest).toBeLessThan(250);
});
