/** Commands of a link that has just been created: they wait for its connection, for a moment. */
import { expect, onTestFinished, test } from 'vitest';
import type { RedisConfig } from '../../../src/config/config.ts';
import { awaitingStart } from '../../../src/redis/awaiting-start.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { freePort } from '../../support/free-port.ts';
import { useRedis } from '../../support/redis.ts';
import { redisConfig, redisConfigOf } from '../../support/redis-config.ts';
import { startClusterRedis } from '../../support/redis-topologies.ts';

function linkTo(config: RedisConfig) {
  const link = connectRedis(config, { name: 'test' });
  onTestFinished(() => link.close());
  return link;
}

/** Keys on every node of a Cluster. */
const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`);

async function expectWaiting(config: RedisConfig): Promise<void> {
  const read = (link: ReturnType<typeof linkTo>) =>
    Promise.allSettled(keys.map((key) => link.run((client) => client.get(`${config.keyPrefix}${key}`))));
  const found = async (link: ReturnType<typeof linkTo>) => (await read(link)).map(({ status }) => status);
  expect(new Set(await found(awaitingStart(linkTo(config))))).toEqual(new Set(['fulfilled']));
  // Control: without the wait they fail.
  expect(await found(linkTo(config))).toContain('rejected');
}

test('of one server', async () => {
  const { url, keyPrefix } = await useRedis();
  await expectWaiting(redisConfig(url, keyPrefix));
});

test('of a Cluster, whose nodes are connected with their first command', async () => {
  const { nodes } = await startClusterRedis();
  const addresses = nodes.map(({ address }) => address);
  await expectWaiting(redisConfigOf({ kind: 'cluster', nodes: addresses }, 'test:'));
});

test('of a server that is not there: they fail when the time is over, and then at once', async () => {
  const link = awaitingStart(linkTo(redisConfig(`redis://127.0.0.1:${await freePort()}`, 'test:')));
  const began = performance.now();
  await expect(link.run((client) => client.get('a'))).rejects.toThrow();
  expect(performance.now() - began).toBeGreaterThan(2_900);
  const again = performance.now();
  await expect(link.run((client) => client.get('a'))).rejects.toThrow();
  expect(performance.now() - again).toBeLessThan(500);
});
