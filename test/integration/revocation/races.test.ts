/** Revocation against concurrent events: late responses, old entries, lost connections, pending responses. */
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBreakableRelay } from '../../support/breakable-relay.ts';
import { useRedis } from '../../support/redis.ts';
import { portOf, redisClient } from './parts.ts';
import { ann, bearer, startWorld } from './world.ts';

const withoutAndWith: readonly (readonly [name: string, shared: boolean])[] = [
  ['without Redis', false],
  ['with Redis', true],
];

/** A request that waits for a positive response of the Auth API, which is delayed. */
async function waitingRequest(shared: boolean) {
  const world = await startWorld();
  const one = await world.gateway(shared ? await useRedis() : null);
  if (shared) await one.hears(true);
  world.answers.hold();
  const early = one.status(bearer(ann.token));
  await vi.waitFor(() => expect(world.answers.held()).toBe(1), { timeout: 10_000 });
  return { world, one, early };
}

test.each(withoutAndWith)(
  'a response produced before the revocation, but arriving after it, restores nothing: %s',
  async (_name, shared) => {
    const { world, one, early } = await waitingRequest(shared);
    world.authApi.remove(ann.token);
    expect((await one.revoke({ sessionID: ann.sessionId })).status).toBe(202);
    world.answers.release();
    // The response was positive but void: the Auth API was called again.
    expect(await early).toBe(401);
    expect(await one.status(bearer(ann.token))).toBe(401);
  },
);

test.each(withoutAndWith)(
  'nor does it for a request from before the cache was recreated: %s',
  async (_name, shared) => {
    const { world, one, early } = await waitingRequest(shared);
    one.reload('whileDisconnected: 9s');
    if (shared) await one.hears(true);
    world.authApi.remove(ann.token);
    expect((await one.revoke({ sessionID: ann.sessionId })).status).toBe(202);
    world.answers.release();
    expect(await early).toBe(401);
  },
);

test('an old entry restored into Redis after a revocation is refused and counted', async () => {
  const redis = await useRedis();
  const world = await startWorld();
  const one = await world.gateway(redis);
  await one.hears(true);
  const client = redisClient(redis.url);
  expect(await one.status(bearer(ann.token))).toBe(200);
  const entryOf = async () => (await client.keys(`${redis.keyPrefix}verdict:*`))[0];
  await vi.waitFor(async () => expect(await entryOf()).toBeDefined(), { timeout: 10_000 });
  const key = (await entryOf())!;
  const old = await client.getBuffer(key);
  world.authApi.remove(ann.token);
  expect((await one.revoke({ userID: ann.userId })).status).toBe(202);
  await client.set(key, old!, 'PX', 60_000);
  const late = await world.gateway(redis);
  await late.hears(true);
  expect(await late.status(bearer(ann.token))).toBe(401);
  await client.set(key, old!, 'PX', 60_000);
  expect(await one.status(bearer(ann.token))).toBe(401);
  const voided = await Promise.all(
    [one, late].map((gateway) => gateway.metric('rolegate_revoked_verdicts_total{place="redis"}')),
  );
  expect(voided[0]! + voided[1]!).toBeGreaterThanOrEqual(1);
});

test('a replica with a cut subscription serves its verdicts no longer than cache.whileDisconnected', async () => {
  const redis = await useRedis();
  const relay = await startBreakableRelay({ host: '127.0.0.1', port: portOf(redis.url) });
  onTestFinished(() => relay.close());
  const world = await startWorld();
  const one = await world.gateway(redis, 'whileDisconnected: 500ms');
  const away = await world.gateway({ ...redis, url: `redis://127.0.0.1:${relay.port}` }, 'whileDisconnected: 500ms');
  await Promise.all([one.hears(true), away.hears(true)]);
  for (const gateway of [one, away]) expect(await gateway.status(bearer(ann.token))).toBe(200);
  relay.cut();
  world.authApi.remove(ann.token);
  expect((await one.revoke({ sessionID: ann.sessionId })).status).toBe(202);
  expect(await Promise.all([one, away].map((gateway) => gateway.status(bearer(ann.token))))).toEqual([401, 401]);
  expect(await one.metric('rolegate_revocations_unacknowledged_total')).toBe(1);
  const ready = await fetch(`${away.admin}/health/ready`);
  expect([ready.status, await ready.json()]).toMatchObject([200, { checks: { revocations: 'down' } }]);
  relay.mend();
  await away.hears(true);
  expect(await away.metric('rolegate_revocation_catch_ups_total{outcome="followed"}')).toBe(1);
  expect(away.logText()).toContain('disconnected from revocations');
});

test('a revocation that Redis does not accept applies locally, and returns 503', async () => {
  const redis = await useRedis();
  const relay = await startBreakableRelay({ host: '127.0.0.1', port: portOf(redis.url) });
  onTestFinished(() => relay.close());
  const world = await startWorld();
  const one = await world.gateway({ ...redis, url: `redis://127.0.0.1:${relay.port}` });
  await one.hears(true);
  expect(await one.status(bearer(ann.token))).toBe(200);
  relay.cut();
  world.authApi.remove(ann.token);
  const answer = await one.revoke({ sessionID: ann.sessionId });
  expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'revocation_undelivered' }]);
  expect(await one.status(bearer(ann.token))).toBe(401);
});

test('a reload that recreates the cache keeps a revocation that Redis did not accept', async () => {
  const redis = await useRedis();
  const relay = await startBreakableRelay({ host: '127.0.0.1', port: portOf(redis.url) });
  onTestFinished(() => relay.close());
  const world = await startWorld();
  const one = await world.gateway({ ...redis, url: `redis://127.0.0.1:${relay.port}` });
  const other = await world.gateway(redis);
  await Promise.all([one.hears(true), other.hears(true)]);
  expect([await one.status(bearer(ann.token)), await other.status(bearer(ann.token))]).toEqual([200, 200]);
  relay.cut();
  world.authApi.remove(ann.token);
  expect((await one.revoke({ sessionID: ann.sessionId })).status).toBe(503);
  one.reload('whileDisconnected: 9s');
  relay.mend();
  await one.hears(true);
  expect(await one.status(bearer(ann.token))).toBe(401);
  await vi.waitFor(async () => expect(await other.status(bearer(ann.token))).toBe(401), { timeout: 10_000 });
});

test('the response to a revoking call is complete, however large, and waits for a disconnected replica', async () => {
  const redis = await useRedis();
  const relay = await startBreakableRelay({ host: '127.0.0.1', port: portOf(redis.url) });
  onTestFinished(() => relay.close());
  const world = await startWorld();
  const one = await world.gateway(redis, 'whileDisconnected: 500ms');
  const away = await world.gateway({ ...redis, url: `redis://127.0.0.1:${relay.port}` }, 'whileDisconnected: 500ms');
  await Promise.all([one.hears(true), away.hears(true)]);
  expect(await away.status(bearer(ann.token))).toBe(200);
  relay.cut();
  const body = 'x'.repeat(3_000_000);
  world.upstreamAnswers(200, body);
  const beganAt = performance.now();
  const answer = await fetch(`${one.origin}/session/${ann.sessionId}`, {
    method: 'DELETE',
    headers: bearer(ann.token),
  });
  expect(performance.now() - beganAt).toBeGreaterThan(450);
  expect([answer.status, (await answer.text()) === body]).toEqual([200, true]);
  world.upstreamAnswers(204, '');
  const empty = await fetch(`${one.origin}/leave`, { method: 'POST', headers: bearer(ann.token) });
  expect([empty.status, await empty.text()]).toEqual([204, '']);
});
