/** Sign-ins that were used, on replicas that share a Redis. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { SessionStoreUnavailable } from '../../../src/identity/sessions/session-store.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { createSpentTransactions } from '../../../src/sign-in/spent-transactions.ts';
import { startPrivateRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { patience } from './link-support.ts';

it('are used once, until the replica that used one restores it; an outage is neither', async () => {
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.dispose());
  const replica = async () => {
    const link = connectRedis(redisConfig(redis.url, 'rolegate:'), { name: 'test' });
    onTestFinished(() => link.close());
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    return createSpentTransactions(Date.now, { link, keyPrefix: 'rolegate:' });
  };
  const [one, two, three] = [await replica(), await replica(), await replica()];
  expect([await one.spend('a'), await one.spend('a'), await two.spend('a')]).toEqual([true, false, false]);
  await one.restore('a');
  expect([await three.spend('a'), await one.spend('a')]).toEqual([true, false]);
  await redis.stop();
  await expect(three.restore('a')).rejects.toThrow(SessionStoreUnavailable);
  await expect(three.spend('b')).rejects.toThrow(SessionStoreUnavailable);
});
