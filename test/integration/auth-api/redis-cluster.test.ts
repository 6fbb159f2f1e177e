/** The Auth API with a Redis Cluster: replicas count attempts together, and revocations are published. */
import { expect, it, onTestFinished, vi } from 'vitest';
import { openSharedParts } from '../../../src/auth-api/open-shared-parts.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { redisConfigOf } from '../../support/redis-config.ts';
import { connectTo, startClusterRedis, startSentinelRedis } from '../../support/redis-topologies.ts';
import { patience } from '../redis/link-support.ts';

const silent = { info: () => {}, warn: () => {}, error: () => {} };

it.each([
  [
    'a Cluster',
    async () => {
      const { nodes } = await startClusterRedis();
      return { nodes, servers: { kind: 'cluster', nodes: nodes.map(({ address }) => address) } as const };
    },
  ],
  [
    'Sentinels',
    async () => {
      const { name, sentinels, servers: nodes } = await startSentinelRedis();
      const addresses = sentinels.map(({ address }) => address);
      const servers = { kind: 'sentinel', name, nodes: addresses, username: null, password: null } as const;
      return { nodes, servers };
    },
  ],
])(
  '%s: limits are shared, and revocations arrive',
  async (_, start) => {
    const { nodes, servers } = await start();
    const config = redisConfigOf(servers, 'test:', 1_000);
    const open = () => openSharedParts(config, connectRedis, silent, Date.now);
    const [one, two] = [await open(), await open()];
    onTestFinished(() => one.close());
    onTestFinished(() => two.close());
    let keys = 0;
    await vi.waitFor(async () => {
      keys += 1;
      const key = `key-${keys}`;
      expect((await one.counter.add('kind', key, 60_000)).attempts).toBe(1);
      expect((await two.counter.add('kind', key, 60_000)).attempts).toBe(2);
      expect((await one.counter.add('kind', key, 60_000)).attempts).toBe(3);
    }, patience);
    const heard: string[] = [];
    const listener = connectTo(onTestFinished, nodes[0]!);
    listener.on('message', (_channel, message) => heard.push(message));
    await listener.subscribe('test:revocations');
    // Repeatedly: a node that does not hear from another for a second drops its link to it, and messages are not queued.
    const id = '11111111-2222-4333-8444-555555555555';
    await vi.waitFor(() => {
      one.publish({ kind: 'session', id });
      expect(heard.join()).toContain(id);
    }, patience);
    // Gateways that missed the message find it in the log.
    const logs = nodes.map(async (node) =>
      connectTo(onTestFinished, node)
        .xrange('test:{revocations}:log', '-', '+')
        .catch(() => 'another node has it'),
    );
    expect((await Promise.all(logs)).join()).toContain(id);
  },
  60_000,
);
