/** The contract of the stores of sessions, for the one in Redis: in one server and in a Cluster. */
import { randomUUID } from 'node:crypto';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, vi } from 'vitest';
import type { RedisConfig } from '../../../../src/config/config.ts';
import { createRedisSessionStore } from '../../../../src/identity/sessions/redis-session-store.ts';
import type { SessionStore } from '../../../../src/identity/sessions/session-store.ts';
import { connectRedis } from '../../../../src/redis/connect-redis.ts';
import { describeSessionStore, type SessionStoreSettings } from '../../../contract/session-store.ts';
import { useRedis } from '../../../support/redis.ts';
import { redisConfig, redisConfigOf } from '../../../support/redis-config.ts';
import { type ClusterRedis, patience, startClusterRedis } from '../../../support/redis-topologies.ts';

async function open(config: RedisConfig, settings: SessionStoreSettings): Promise<SessionStore> {
  const { promise: connected, resolve: onReady } = Promise.withResolvers<void>();
  const link = connectRedis(config, { name: 'rolegate', onReady });
  await connected;
  const { client } = link;
  // The client connects to a node of a Cluster only when it first has a command for it, and refuses others until then.
  if (client instanceof Cluster) {
    await vi.waitFor(() => Promise.all(client.nodes('master').map((node) => node.ping())), patience);
  }
  const store = createRedisSessionStore({ ...settings, link, keyPrefix: config.keyPrefix });
  return {
    ...store,
    async close() {
      await store.close();
      link.close();
    },
  };
}

describeSessionStore('sessions in Redis', async () => {
  const { url, keyPrefix } = await useRedis();
  return { open: (settings) => open(redisConfig(url, keyPrefix), settings), close: async () => {} };
});

let cluster: ClusterRedis;
beforeAll(async () => {
  cluster = await startClusterRedis({}, afterAll);
}, 60_000);

describeSessionStore('sessions in a Redis Cluster', async () => {
  const nodes = cluster.nodes.map(({ address }) => address);
  const config = redisConfigOf({ kind: 'cluster', nodes }, `test:${randomUUID()}:`);
  return { open: (settings) => open(config, settings), close: async () => {} };
});
