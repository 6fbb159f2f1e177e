/** Redis through the running gateway: without it requests continue, with it replicas share verdicts for their life. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FakeAuthApi } from '../../support/fake-auth-api.ts';
import { startPrivateRedis, useRedis } from '../../support/redis.ts';
import { bearer, connectRedis, type Headers, pair, type Replicas, startReplicas } from '../redis/replicas.ts';

let replicas: Replicas;
let authApi: FakeAuthApi;
let replica: Replicas['replica'];
let calls: Replicas['calls'];
async function start(settings?: { redisTimeout: string }): Promise<void> {
  replicas = await startReplicas(settings);
  ({ authApi, replica, calls } = replicas);
}
beforeEach(() => start());

describe('Redis down', () => {
  beforeEach(() => start({ redisTimeout: '500ms' }));

  it('at start: the gateway starts, serves requests, and uses Redis once it is available', async () => {
    const redis = await startPrivateRedis();
    onTestFinished(redis.dispose);
    await redis.stop();
    authApi.addSession('one');
    const gateway = await replicas.unconnected(redis.url, 'p:');
    expect(await gateway.status(bearer('one'))).toBe(200);
    expect(await gateway.status(bearer('nobodys'))).toBe(401);
    const ready = await fetch(`${gateway.admin}/health/ready`);
    expect(ready.status).toBe(200);
    await redis.start();
    const raw = connectRedis(redis.url);
    let i = 0;
    await vi.waitFor(
      async () => {
        i += 1;
        authApi.addSession(`later-${i}`);
        expect(await gateway.status(bearer(`later-${i}`))).toBe(200);
        expect(await raw.keys('p:verdict:*')).not.toEqual([]);
      },
      { timeout: 8_000, interval: 100 },
    );
  }, 30_000);

  it.each([
    ['stopped', 'stop', 'start'],
    ['killed', 'kill', 'start'],
    ['frozen', 'pause', 'resume'],
  ] as const)(
    '%s during requests and back again: no request fails, and it is used again',
    async (_name, leave, back) => {
      const redis = await startPrivateRedis();
      onTestFinished(redis.dispose);
      const gateway = await replica(redis.url, 'p:');
      authApi.addSession('warm');
      let made = 0;
      let over = false;
      const statuses = new Map<number, number>();
      const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const cold = () => {
        made += 1;
        authApi.addSession(`cold-${made}`);
        return bearer(`cold-${made}`);
      };
      const client = async () => {
        while (!over) {
          count(await gateway.status(cold()));
          count(await gateway.status(bearer('warm')));
        }
      };
      const passed = (more: number) => {
        const from = made;
        return vi.waitFor(() => expect(made).toBeGreaterThan(from + more), { timeout: 10_000 });
      };
      const clients = [client(), client(), client()];
      try {
        await gateway.wrote(1);
        await redis[leave]();
        await passed(10);
        await redis[back]();
        const raw = connectRedis(redis.url);
        await vi.waitFor(
          async () => {
            // Fresh names only: earlier entries may still exist after a freeze.
            await raw.flushall();
            await passed(2);
            expect(await raw.keys('p:verdict:*')).not.toEqual([]);
          },
          { timeout: 12_000, interval: 100 },
        );
      } finally {
        over = true;
        await Promise.all(clients);
      }
      expect([...statuses.keys()]).toEqual([200]);
    },
    40_000,
  );
});

describe('Redis flushed during requests', () => {
  it('is only a cold start: every request is served, and verdicts are shared again', async () => {
    const redis = await startPrivateRedis();
    onTestFinished(redis.dispose);
    const gateways = [await replica(redis.url, 'p:'), await replica(redis.url, 'p:')];
    const raw = connectRedis(redis.url);
    const statuses = new Set<number>();
    let rounds = 0;
    authApi.addSession('warm');
    /** A credential that is new to every replica, and one that is not. */
    const round = async () => {
      rounds += 1;
      authApi.addSession(`cold-${rounds}`);
      const asked = gateways.flatMap((gateway) =>
        ['warm', `cold-${rounds}`].map((token) => gateway.status(bearer(token))),
      );
      for (const status of await Promise.all(asked)) statuses.add(status);
    };
    await round();
    for (let emptied = 1; emptied <= 3; emptied += 1) {
      await raw.flushall();
      await round();
      await vi.waitFor(
        async () => {
          await round();
          expect(await raw.keys('p:verdict:*')).not.toEqual([]);
        },
        { timeout: 8_000, interval: 50 },
      );
    }
    expect([...statuses]).toEqual([200]);
    expect(rounds).toBeGreaterThan(6);
  }, 60_000);
});

describe('replicas that share Redis', () => {
  it('the second one does not call the Auth API: a bearer, a key pair, and rejected ones of both', async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('one');
    authApi.addKeyPair(pair['api-key'], pair['api-secret']);
    const asked: [Headers, number][] = [
      [bearer('one'), 200],
      [pair, 200],
      [bearer('nobodys'), 401],
      [{ ...pair, 'api-secret': 'wrong' }, 401],
    ];
    const first = await replica(url, keyPrefix, 'rejected: 30s');
    for (const [headers, status] of asked) expect(await first.status(headers)).toBe(status);
    await first.wrote(4);
    expect(calls()).toBe(4);
    const second = await replica(url, keyPrefix, 'rejected: 30s');
    for (const [headers, status] of asked) expect(await second.status(headers)).toBe(status);
    expect(calls()).toBe(4);
    expect(replicas.upstream.requests).toHaveLength(4);
    expect(new Set(replicas.upstream.requests.map((request) => request.header('user-id').join())).size).toBe(1);
  });

  it('with the Auth API down: a replica that never saw a cached identity still serves it', async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('one');
    const first = await replica(url, keyPrefix);
    expect(await first.status(bearer('one'))).toBe(200);
    await first.wrote(1);
    await authApi.behave({ kind: 'down' });
    const second = await replica(url, keyPrefix);
    expect(await second.status(bearer('one'))).toBe(200);
    expect(await second.status(bearer('two'))).toBe(503);
  });
});

describe('the life of a verdict', () => {
  it.each([['memory'], ['redis']])(
    'never outlasts the credential: %s',
    async (layer) => {
      const { url, keyPrefix } = await useRedis();
      const lives = 'accepted: 1h, staleOnOutage: 1h';
      const first = await replica(url, keyPrefix, lives);
      const asked = layer === 'memory' ? first : await replica(url, keyPrefix, lives);
      // After both replicas started, whose starts can take longer than this life.
      const endS = Math.floor(Date.now() / 1000) + 4;
      authApi.addSession('short', { expireAt: endS });
      expect(await first.status(bearer('short'))).toBe(200);
      await first.wrote(1);
      const raw = connectRedis(url);
      const [name = ''] = await raw.keys(`${keyPrefix}verdict:*`);
      expect(await raw.pttl(name)).toBeGreaterThan(0);
      expect(await raw.pttl(name)).toBeLessThanOrEqual(endS * 1000 - Date.now() + 50);
      await authApi.behave({ kind: 'down' });
      const late: number[] = [];
      let good = 0;
      await vi.waitFor(
        async () => {
          const sentAt = Date.now();
          const status = await asked.status(bearer('short'));
          if (status === 200) good += 1;
          if (sentAt >= endS * 1000) late.push(status);
          expect(late.length).toBeGreaterThan(3);
        },
        { timeout: 12_000, interval: 20 },
      );
      expect(good).toBeGreaterThan(0);
      expect(late).not.toContain(200);
    },
    30_000,
  );

  it("an expired credential in the Auth API's response is not an identity", async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('ended', { expireAt: Math.floor(Date.now() / 1000) - 1 });
    const gateway = await replica(url, keyPrefix);
    expect(await gateway.status(bearer('ended'))).toBe(401);
  });

  it('a rejection has its own short life', async () => {
    const { url, keyPrefix } = await useRedis();
    const rejectedMs = 2_000;
    // Lives are up to a tenth shorter, so they do not end together.
    const minMs = 0.9 * rejectedMs;
    const gateway = await replica(url, keyPrefix, `accepted: 1h, rejected: ${rejectedMs}ms`);
    const askedAt = Date.now();
    expect(await gateway.status(bearer('new'))).toBe(401);
    const knownAt = Date.now();
    await gateway.wrote(1);
    const raw = connectRedis(url);
    const [name = ''] = await raw.keys(`${keyPrefix}verdict:*`);
    expect(await raw.pttl(name)).toBeLessThanOrEqual(rejectedMs);
    authApi.addSession('new');
    const seen: { status: number; sentAt: number; gotAt: number }[] = [];
    await vi.waitFor(
      async () => {
        const sentAt = Date.now();
        const status = await gateway.status(bearer('new'));
        seen.push({ status, sentAt, gotAt: Date.now() });
        expect(status).toBe(200);
      },
      { interval: 20 },
    );
    const early = seen.filter(({ gotAt }) => gotAt < askedAt + minMs);
    expect(early.length).toBeGreaterThan(0);
    expect(early.every(({ status }) => status === 401)).toBe(true);
    expect(seen.filter(({ status, sentAt }) => status === 401 && sentAt > knownAt + rejectedMs)).toEqual([]);
    expect(calls()).toBe(2);
  });
});
