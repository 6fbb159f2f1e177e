/** Redis with Sentinels: verdicts are shared through the current master, and a change of the master costs misses. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RedisServers } from '../../../src/config/config.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { clock, listening } from '../../integration/redis/link-support.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { redisConfigOf } from '../../support/redis-config.ts';
import { connectTo, patience, type SentinelRedis, startSentinelRedis } from '../../support/redis-topologies.ts';
import { bearer } from '../../unit/identity/samples.ts';
import { makeResolver } from '../../unit/identity/test-resolver.ts';

let api: FakeAuthApi;
beforeEach(async () => {
  api = await startFakeAuthApi();
});
afterEach(() => api.close());

const any = Number.POSITIVE_INFINITY;

function serversOf({ name, sentinels }: Pick<SentinelRedis, 'name' | 'sentinels'>): RedisServers {
  return { kind: 'sentinel', name, nodes: sentinels.map(({ address }) => address), username: null, password: null };
}

function openLink(redis: SentinelRedis, commandTimeoutMs?: number) {
  const link = connectRedis(redisConfigOf(serversOf(redis), 'test:', commandTimeoutMs), { name: 'test' });
  onTestFinished(link.close);
  return link;
}

describe('Redis with Sentinels', () => {
  it('is discovered through them: the master accepts writes, and gateway replicas share verdicts', async () => {
    const redis = await startSentinelRedis();
    const config = redisConfigOf(serversOf(redis), 'test:');
    const [one, two] = [0, 1].map(() => makeResolver(api.url, clock, { redis: config }));
    onTestFinished(() => one!.close());
    onTestFinished(() => two!.close());
    await vi.waitFor(() => expect([one, two].map((made) => made!.redisConnected())).toEqual([true, true]), patience);
    await redis.failOver();
    // Each of these is new to both replicas, until both have found the new master.
    let turn = 0;
    await vi.waitFor(async () => {
      turn += 1;
      const token = `token-${turn}`;
      api.addSession(token);
      expect(await one!.resolve(bearer(token), any)).toMatchObject({ reason: null, source: 'auth-api' });
      await vi.waitFor(async () => {
        expect(await connectTo(onTestFinished, redis.servers[1]).keys('test:verdict:*')).not.toEqual([]);
      });
      expect(await two!.resolve(bearer(token), any)).toMatchObject({ reason: null, source: 'redis' });
    }, patience);
  });

  it('whose master dies during requests: every request is served, and it is used again once there is a new one', async () => {
    const redis = await startSentinelRedis();
    const one = makeResolver(api.url, clock, { redis: redisConfigOf(serversOf(redis), 'test:', 50) });
    onTestFinished(() => one.close());
    await vi.waitFor(() => expect(one.redisConnected()).toBe(true), patience);
    let made = 0;
    const ask = async () => {
      made += 1;
      api.addSession(`token-${made}`);
      const { reason } = await one.resolve(bearer(`token-${made}`), any);
      return reason;
    };
    expect(await ask()).toBeNull();
    await redis.servers[0].kill();
    const other = connectTo(onTestFinished, redis.servers[1]);
    await vi.waitFor(async () => {
      const before = new Set(await other.keys('test:verdict:*'));
      const reasons = await Promise.all(Array.from({ length: 20 }, ask));
      expect(reasons.every((reason) => reason === null)).toBe(true);
      await vi.waitFor(async () => {
        const names = await other.keys('test:verdict:*');
        expect(names.filter((name) => !before.has(name)).length).toBeGreaterThan(0);
      });
    }, patience);
  });

  it('a master that hangs is replaced by the new one, and so is one that became a replica', async () => {
    const redis = await startSentinelRedis();
    const link = openLink(redis, 200);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    await redis.servers[0].pause();
    await expect(link.run((client) => client.get('a'))).rejects.toThrow();
    await vi.waitFor(async () => expect(await link.run((client) => client.set('a', '1'))).toBe('OK'), patience);
    // Queried there, and not at a Sentinel, which may be the last one to learn of it.
    expect(await connectTo(onTestFinished, redis.servers[1]).get('a')).toBe('1');
    await redis.servers[0].resume();
    await vi.waitFor(async () => {
      const role = await connectTo(onTestFinished, redis.servers[0]).info('replication');
      expect(role).toContain('role:slave');
    }, patience);
    await vi.waitFor(async () => expect(await link.run((client) => client.get('a'))).toBe('1'), patience);
  });

  it('subscriptions follow the master, and report it', async () => {
    const redis = await startSentinelRedis();
    const link = openLink(redis);
    const heard = listening(link.subscriber(), 'news');
    await vi.waitFor(() => expect(heard.subscribed).toBeGreaterThan(0), patience);
    const before = heard.subscribed;
    await redis.failOver();
    await vi.waitFor(() => expect(heard.subscribed).toBeGreaterThan(before), patience);
    await vi.waitFor(async () => {
      await connectTo(onTestFinished, redis.servers[1]).publish('news', 'new master');
      expect(heard.messages).toContain('new master');
    }, patience);
  });

  it('one Sentinel is enough to find it, and all may be down while it is connected', async () => {
    const redis = await startSentinelRedis();
    await redis.sentinels[0]?.kill();
    const link = openLink(redis);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    for (const sentinel of redis.sentinels) await sentinel.kill();
    expect(await link.run((client) => client.set('a', '1'))).toBe('OK');
  });
});
