/** A Redis that has lost which replicas are connected: a revocation is not acknowledged before they have applied it, or expired. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { replicasKey } from '../../../src/identity/revocation/revocation-keys.ts';
import { startBreakableRelay } from '../../support/breakable-relay.ts';
import { type PrivateRedis, startPrivateRedis } from '../../support/redis.ts';
import { type Part, portOf, redisClient, sessionId, startPart } from './parts.ts';
import { ann, bearer, startWorld } from './world.ts';

const session = { kind: 'session', id: sessionId } as const;
/** Longer than Redis needs to start on a busy machine. */
const whileDisconnectedMs = 5_000;

async function privateRedis() {
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.dispose());
  const relay = await startBreakableRelay({ host: '127.0.0.1', port: portOf(redis.url) });
  onTestFinished(() => relay.close());
  return { redis, relay };
}

async function emptyRestart(redis: PrivateRedis): Promise<void> {
  await redis.kill();
  await redis.start();
}

/** Again until Redis accepts it. */
async function delivered(part: Part): Promise<void> {
  const deliveries = async () => expect(await part.revoke(session, 'admin')).toBe('delivered');
  await vi.waitFor(deliveries, { timeout: 20_000, interval: 5 });
}

test.each<[string, (redis: PrivateRedis, part: Part) => Promise<void>]>([
  ['restarted empty, before the announcing replica is connected again', (redis) => emptyRestart(redis)],
  [
    'restarted empty, after the announcing replica is connected again',
    async (redis, part) => {
      await emptyRestart(redis);
      await part.happened('caught up lost');
    },
  ],
  ['without its data', async (redis) => void (await redisClient(redis.url).flushall())],
  [
    'with old data',
    async (redis) => {
      const client = redisClient(redis.url);
      const replicas = replicasKey('p:');
      const names = await client.zrangebyscore(replicas, '-inf', '+inf');
      await client.zadd(replicas, ...names.flatMap((name) => [String(Date.now() - 30_000), name]));
    },
  ],
])('no replica uses an earlier verdict after the acknowledgement: Redis %s', async (_name, lose) => {
  const { redis, relay } = await privateRedis();
  const one = startPart(portOf(redis.url), 'p:', whileDisconnectedMs);
  const away = startPart(relay.port, 'p:', whileDisconnectedMs);
  await Promise.all([one.hears(true), away.hears(true)]);
  const askedAtMs = Date.now();
  relay.cut();
  await lose(redis, one);
  const uses = () => !away.drops(askedAtMs) && away.connection.isConnected(Date.now());
  expect(uses()).toBe(true);
  await delivered(one);
  expect(uses()).toBe(false);
  expect(away.connection.oldestMs(Date.now())).toBeGreaterThan(askedAtMs);
});

test('a gateway that starts with the empty Redis waits for those that it never knew', async () => {
  const { redis, relay } = await privateRedis();
  const away = startPart(relay.port, 'p:', whileDisconnectedMs);
  await away.hears(true);
  relay.cut();
  await emptyRestart(redis);
  const late = startPart(portOf(redis.url), 'p:', whileDisconnectedMs);
  await late.hears(true);
  expect(away.connection.isConnected(Date.now())).toBe(true);
  await delivered(late);
  expect(away.connection.isConnected(Date.now())).toBe(false);
});

test('later revocations wait for no lost replica', async () => {
  const { redis } = await privateRedis();
  const [one, two] = [startPart(portOf(redis.url), 'p:'), startPart(portOf(redis.url), 'p:')];
  await Promise.all([one.hears(true), two.hears(true)]);
  await emptyRestart(redis);
  await Promise.all([one.happened('caught up lost'), two.happened('caught up lost')]);
  const waited = async () => {
    const beganAt = performance.now();
    const askedAtMs = Date.now();
    await delivered(one);
    expect(two.drops(askedAtMs)).toBe(true);
    return performance.now() - beganAt;
  };
  expect(await waited()).toBeGreaterThan(400);
  await vi.waitFor(async () => expect(await waited()).toBeLessThan(400), { timeout: 10_000 });
  expect(one.events.lines).not.toContain('unacknowledged 1');
});

test('POST /revocations says 202 only when the other replica refuses', async () => {
  const { redis, relay } = await privateRedis();
  const world = await startWorld();
  const cache = `whileDisconnected: ${whileDisconnectedMs}ms`;
  const one = await world.gateway({ url: redis.url, keyPrefix: 'p:' }, cache);
  const other = await world.gateway({ url: `redis://127.0.0.1:${relay.port}`, keyPrefix: 'p:' }, cache);
  await Promise.all([one.hears(true), other.hears(true)]);
  expect(await other.status(bearer(ann.token))).toBe(200);
  world.authApi.remove(ann.token);
  relay.cut();
  await emptyRestart(redis);
  expect(await other.status(bearer(ann.token))).toBe(200);
  const revoked = async () => (await one.revoke({ sessionID: ann.sessionId })).status;
  await vi.waitFor(async () => expect(await revoked()).toBe(202), { timeout: 20_000 });
  expect(await other.status(bearer(ann.token))).toBe(401);
});
