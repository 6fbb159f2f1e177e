/** A Redis Cluster: keys are routed to their node, and a node that is down costs misses for its share of them. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { entryKey, leaseKey, waitersKey } from '../../../src/identity/cache/redis-keys.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { clock, listening } from '../../integration/redis/link-support.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { redisConfigOf } from '../../support/redis-config.ts';
import { type ClusterRedis, connectTo, patience, startClusterRedis } from '../../support/redis-topologies.ts';
import { bearer } from '../../unit/identity/samples.ts';
import { makeResolver } from '../../unit/identity/test-resolver.ts';

let api: FakeAuthApi;
beforeEach(async () => {
  api = await startFakeAuthApi();
});
afterEach(() => api.close());

const any = Number.POSITIVE_INFINITY;

function configOf({ nodes }: ClusterRedis, commandTimeoutMs?: number) {
  const seeds = nodes.slice(0, 3).map(({ address }) => address);
  return redisConfigOf({ kind: 'cluster', nodes: seeds }, 'test:', commandTimeoutMs);
}

async function openLink(redis: ClusterRedis, commandTimeoutMs?: number) {
  const link = connectRedis(configOf(redis, commandTimeoutMs), { name: 'test' });
  onTestFinished(link.close);
  await vi.waitFor(() => expect(link.ready).toBe(true), patience);
  return link;
}

/** Keys of the master with this index. */
async function keysOn(redis: ClusterRedis, index: number, count: number): Promise<string[]> {
  const keys: string[] = [];
  for (let at = 0; keys.length < count; at += 1) {
    const key = `key-${at}`;
    if ((await redis.masterOf(key)) === index) keys.push(key);
  }
  return keys;
}

describe('a Redis Cluster', () => {
  it('shares verdicts, spread over its nodes', async () => {
    const redis = await startClusterRedis();
    const [one, two] = [0, 1].map(() => makeResolver(api.url, clock, { redis: configOf(redis) }));
    onTestFinished(() => one!.close());
    onTestFinished(() => two!.close());
    await vi.waitFor(() => expect([one, two].map((made) => made!.redisConnected())).toEqual([true, true]), patience);
    const clients = redis.nodes.map((node) => connectTo(onTestFinished, node));
    let made = 0;
    await vi.waitFor(async () => {
      made += 1;
      api.addSession(`token-${made}`);
      expect(await one!.resolve(bearer(`token-${made}`), any)).toMatchObject({ reason: null, source: 'auth-api' });
      const kept = await Promise.all(clients.map((client) => client.keys('test:verdict:*')));
      expect(kept.every((names) => names.length > 0)).toBe(true);
    }, patience);
    await vi.waitFor(async () => {
      made += 1;
      api.addSession(`token-${made}`);
      expect(await one!.resolve(bearer(`token-${made}`), any)).toMatchObject({ reason: null });
      expect(await two!.resolve(bearer(`token-${made}`), any)).toMatchObject({ reason: null, source: 'redis' });
    }, patience);
  });

  it('keeps all names of a credential on one node, so scripts can use them together', async () => {
    const redis = await startClusterRedis();
    const link = await openLink(redis);
    const run = link.script({
      name: 'tryAll',
      keys: 3,
      lua: `for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1]) end return #KEYS`,
    });
    for (let at = 0; at < 20; at += 1) {
      const lookup = `${'l'.repeat(40)}${String(at).padStart(3, '0')}`;
      const keys = [entryKey, leaseKey, waitersKey].map((name) => name('test:', lookup));
      expect(await run(keys, ['x'])).toBe(3);
    }
  });

  it('a node without a replica stops: keys of others are served, its own fail at once, and it is used again when it is back', async () => {
    const redis = await startClusterRedis();
    const deadlineMs = 2_000;
    const link = await openLink(redis, deadlineMs);
    const [lost, others] = [
      await keysOn(redis, 0, 20),
      [...(await keysOn(redis, 1, 10)), ...(await keysOn(redis, 2, 10))],
    ];
    for (const key of [...lost, ...others]) expect(await link.run((client) => client.set(key, '1'))).toBe('OK');
    await redis.nodes[0]?.kill();
    const startedAtMs = performance.now();
    const failed = await Promise.allSettled(
      Array.from({ length: 10 }, () => lost)
        .flat()
        .map((key) => link.run((client) => client.get(key))),
    );
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(['rejected']));
    // Together, not one timeout after another.
    expect(performance.now() - startedAtMs).toBeLessThan((failed.length * deadlineMs) / 4);
    for (const key of others) expect(await link.run((client) => client.get(key))).toBe('1');
    await redis.nodes[0]?.start();
    await vi.waitFor(async () => {
      for (const key of lost) expect(await link.run((client) => client.get(key))).toBeNull();
    }, patience);
  });

  it('a node with a replica stops: every request is served, and the replica takes over', async () => {
    const redis = await startClusterRedis({ replicas: true, fullCoverage: true });
    const one = makeResolver(api.url, clock, { redis: configOf(redis, 200) });
    onTestFinished(() => one.close());
    const link = await openLink(redis);
    const own = await keysOn(redis, 1, 5);
    await vi.waitFor(() => expect(one.redisConnected()).toBe(true), patience);
    await redis.nodes[1]?.kill();
    let made = 0;
    await vi.waitFor(async () => {
      made += 1;
      api.addSession(`token-${made}`);
      expect(await one.resolve(bearer(`token-${made}`), any)).toMatchObject({ reason: null });
      for (const key of own) expect(await link.run((client) => client.set(key, '1'))).toBe('OK');
    }, patience);
    const info = await connectTo(onTestFinished, redis.nodes[4]!).info('replication');
    expect(info).toContain('role:master');
  });

  it('a node that hangs costs each command no more than its timeout', async () => {
    const redis = await startClusterRedis();
    const link = await openLink(redis, 1_000);
    const [lost, others] = [await keysOn(redis, 2, 5), await keysOn(redis, 0, 5)];
    await redis.nodes[2]?.pause();
    for (const key of lost) await expect(link.run((client) => client.get(key))).rejects.toThrow();
    for (const key of others) expect(await link.run((client) => client.set(key, '1'))).toBe('OK');
    await redis.nodes[2]?.resume();
    await vi.waitFor(async () => {
      for (const key of lost) expect(await link.run((client) => client.set(key, '1'))).toBe('OK');
    }, patience);
  });

  it('all nodes stop and restart: it is found again', async () => {
    const redis = await startClusterRedis();
    const link = await openLink(redis);
    await Promise.all(redis.nodes.map((node) => node.kill()));
    await expect(link.run((client) => client.get('a'))).rejects.toThrow();
    await Promise.all(redis.nodes.map((node) => node.start()));
    await vi.waitFor(async () => expect(await link.run((client) => client.set('a', '1'))).toBe('OK'), patience);
  });

  it('a subscription moves to another node, and reports it', async () => {
    const redis = await startClusterRedis();
    const link = await openLink(redis);
    const heard = listening(link.subscriber(), 'news');
    await vi.waitFor(() => expect(heard.subscribed).toBeGreaterThan(0), patience);
    const clients = redis.nodes.map((node) => connectTo(onTestFinished, node));
    const counts = await Promise.all(clients.map((client) => client.pubsub('NUMSUB', 'news')));
    const index = counts.findIndex(([, count]) => count === 1);
    expect(index).not.toBe(-1);
    const elsewhere = clients[(index + 1) % clients.length]!;
    // Repeatedly: a node drops messages to a node to which it is reconnecting, as on a busy machine. Revocations are also in a log.
    await vi.waitFor(async () => {
      await elsewhere.publish('news', 'through another node');
      expect(heard.messages).toContain('through another node');
    }, patience);
    const before = heard.subscribed;
    await redis.nodes[index]?.kill();
    await vi.waitFor(() => expect(heard.subscribed).toBeGreaterThan(before), patience);
    await vi.waitFor(async () => {
      await elsewhere.publish('news', 'again');
      expect(heard.messages).toContain('again');
    }, patience);
  });
});
