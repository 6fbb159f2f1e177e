/** What counts as a failed authentication, and how replicas share the count, with and without Redis. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { startPrivateRedis, useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { untilConnected } from '../../support/running-gateway.ts';
import { bearer, startThrottledWorld, statusesOf, type ThrottledGateway } from '../../support/throttled-world.ts';
import { makeKey, nowS, startTokenIssuer } from '../../support/token-issuer.ts';
import { makeResolver } from '../../unit/identity/test-resolver.ts';

const office = '203.0.113.7';
/** Look-ups in flight at which a client with a quarter of them starts no other one. */
const maxFlights = 576;
const sharing = (url: string, keyPrefix: string, more = '') =>
  `, redis: { url: "${url}", keyPrefix: "${keyPrefix}" }${more}`;

const fail = (gateway: ThrottledGateway, count: number, name: string) =>
  statusesOf(count, (at) => gateway.get(office, bearer(`${name}-${at}`)));

/** Guesses until one is refused; only the turns of these seconds can get through. */
async function isThrottled(gateway: ThrottledGateway): Promise<boolean> {
  return (await fail(gateway, 6, `probe-${Math.random()}`)).includes(429);
}

test('replicas share the count', async () => {
  const { url, keyPrefix } = await useRedis();
  const world = await startThrottledWorld();
  const [a, b] = [
    await world.gateway({ cache: sharing(url, keyPrefix) }),
    await world.gateway({ cache: sharing(url, keyPrefix) }),
  ];
  await untilConnected(a.metrics);
  await untilConnected(b.metrics);
  expect(await fail(a, 3, 'a')).toEqual([401, 401, 401]);
  expect(await fail(b, 2, 'b')).toEqual([401, 401]);
  expect(await isThrottled(a)).toBe(true);
  expect(await isThrottled(b)).toBe(true);
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  const keys = await redis.keys(`${keyPrefix}attempts*`);
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) {
    expect(key).not.toContain(office);
    expect(await redis.pttl(key)).toBeLessThanOrEqual(600_000);
    expect(await redis.pttl(key)).not.toBe(-1);
  }
});

test('a credential that another replica has accepted is not throttled', async () => {
  const { url, keyPrefix } = await useRedis();
  const world = await startThrottledWorld();
  const [a, b] = [
    await world.gateway({ cache: sharing(url, keyPrefix) }),
    await world.gateway({ cache: sharing(url, keyPrefix) }),
  ];
  await untilConnected(a.metrics);
  await untilConnected(b.metrics);
  const mine = await world.authApi.api.createVerifiedSession(world.authApi.userId);
  expect((await a.get('198.51.100.9', bearer(mine.bearer))).status).toBe(200);
  await fail(b, 12, 'guess');
  expect(await isThrottled(b)).toBe(true);
  expect((await b.get(office, bearer(mine.bearer))).status).toBe(200);
});

test('while Redis is down, the process continues from its own count', async () => {
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.dispose());
  const world = await startThrottledWorld();
  const gateway = await world.gateway({ cache: sharing(redis.url, 'rolegate:') });
  await untilConnected(gateway.metrics);
  const mine = await world.authApi.api.createVerifiedSession(world.authApi.userId);
  expect((await gateway.get(office, bearer(mine.bearer))).status).toBe(200);
  expect(await fail(gateway, 3, 'before')).toEqual([401, 401, 401]);
  await redis.kill();
  await vi.waitUntil(async () => /^rolegate_revocations_connected 0$/m.test(await gateway.metrics()), {
    timeout: 10_000,
  });
  expect(await fail(gateway, 2, 'after')).toEqual([401, 401]);
  expect(await isThrottled(gateway)).toBe(true);
  expect((await gateway.get(office, bearer(mine.bearer))).status).toBe(200);
});

test('a credential that fails again is charged like another guess, and is not checked beyond the bound', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway({ cache: ', rejected: 0s' });
  const statuses = await statusesOf(30, () => gateway.get(office, bearer('deleted')));
  expect(statuses).toEqual([...new Array(5).fill(401), ...new Array(25).fill(429)]);
  expect(await gateway.calls()).toBe(5);
  // Control: another client.
  expect((await gateway.get('198.51.100.9', bearer('deleted'))).status).toBe(401);
});

test('an expired session is not a failure', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway({ cache: ', accepted: 0s' });
  for (let at = 0; at < 10; at += 1) {
    const mine = await world.authApi.api.createVerifiedSession(world.authApi.userId);
    expect((await gateway.get(office, bearer(mine.bearer))).status).toBe(200);
    const url = `http://127.0.0.1:${world.authApi.port}/api/auth/v2/session/${mine.sessionId}`;
    expect((await fetch(url, { method: 'DELETE', headers: bearer(mine.bearer) })).ok).toBe(true);
    expect((await gateway.get(office, bearer(mine.bearer))).status).toBe(401);
  }
  expect(await fail(gateway, 5, 'guess')).toEqual([401, 401, 401, 401, 401]);
});

test('an outage of the Auth API is not a failure', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  await world.authApi.api.close();
  expect(await fail(gateway, 20, 'guess')).toEqual(new Array(20).fill(503));
});

test('where a trusted proxy specifies no client, no client is charged', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway();
  const statuses = await statusesOf(20, (at) => gateway.get(null, bearer(`guess-${at}`)));
  expect(statuses).toEqual(new Array(20).fill(401));
  expect(await fail(gateway, 5, 'named')).toEqual([401, 401, 401, 401, 401]);
});

test('a reload applies other bounds', async () => {
  const world = await startThrottledWorld();
  const gateway = await world.gateway({ bounds: 'false' });
  expect(await fail(gateway, 12, 'guess')).toEqual(new Array(12).fill(401));
  gateway.reload({ bounds: '{ perClient: 2 }' });
  expect(await isThrottled(gateway)).toBe(true);
  gateway.reload({ bounds: 'false' });
  expect(await isThrottled(gateway)).toBe(false);
});

test('a look-up started by a throttled client does not refuse another client that joined it', async () => {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  authApi.addSession('shared');
  const bounds = { perClient: 1, perKey: 0, windowMs: 600_000 };
  const resolver = makeResolver(authApi.url, { nowMs: 1_000_000 }, {}, {}, () => 0, bounds);
  onTestFinished(resolver.close);
  const resolve = async (token: string, client: string) =>
    resolver.resolve({ kind: 'bearer', token }, Number.POSITIVE_INFINITY, client);
  // One within the bound, and the turn of this second.
  for (const token of ['a', 'b']) expect((await resolve(token, office)).reason).toBe('credential_rejected');
  const both = await Promise.all([resolve('shared', office), resolve('shared', '198.51.100.9')]);
  expect(both.map(({ reason }) => reason)).toEqual(['authentication_throttled', null]);
});

test('setting the clock back does not throttle a client for longer', async () => {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  const clock = { nowMs: 1_000_000_000, steadyMs: 0 };
  const bounds = { perClient: 1, perKey: 0, windowMs: 600_000 };
  const resolver = makeResolver(authApi.url, clock, {}, {}, () => 0, bounds);
  onTestFinished(resolver.close);
  const resolve = async (token: string) =>
    (await resolver.resolve({ kind: 'bearer', token }, Number.POSITIVE_INFINITY, office)).reason;
  const [rejected, throttled] = ['credential_rejected', 'authentication_throttled'];
  expect([await resolve('a'), await resolve('b'), await resolve('c')]).toEqual([rejected, rejected, throttled]);
  clock.nowMs -= 86_400_000;
  expect(await resolve('d')).toBe(throttled);
  clock.steadyMs += 600_000;
  expect([await resolve('e'), await resolve('f'), await resolve('g')]).toEqual([rejected, rejected, throttled]);
});

test('concurrent requests of a throttled client with one credential are all throttled', async () => {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  const bounds = { perClient: 1, perKey: 0, windowMs: 600_000 };
  const resolver = makeResolver(authApi.url, { nowMs: 1_000_000 }, {}, {}, () => 0, bounds);
  onTestFinished(resolver.close);
  const resolve = async (token: string) =>
    resolver.resolve({ kind: 'bearer', token }, Number.POSITIVE_INFINITY, office);
  // One within the bound, and the turn of this second.
  const reasons: (string | null)[] = [];
  for (const token of ['a', 'b', 'c', 'c']) reasons.push((await resolve(token)).reason);
  const [rejected, throttled] = ['credential_rejected', 'authentication_throttled'];
  expect(reasons).toEqual([rejected, rejected, throttled, throttled]);
  const together = await Promise.all(Array.from({ length: 20 }, () => resolve('d')));
  expect(together.map(({ reason }) => reason)).toEqual(new Array(20).fill('authentication_throttled'));
});

test('a throttled client that has used its look-ups in flight is throttled, while another client learns that there is no room', async () => {
  const authApi = await startFakeAuthApi();
  onTestFinished(() => authApi.close());
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.dispose());
  const bounds = { perClient: 1, perKey: 0, windowMs: 600_000 };
  const cache = { redis: redisConfig(redis.url, 'rolegate:', 60_000) };
  const resolver = makeResolver(authApi.url, { nowMs: 1_000_000 }, cache, {}, () => 0, bounds);
  onTestFinished(resolver.close);
  const resolve = async (token: string, client: string) =>
    (await resolver.resolve({ kind: 'bearer', token }, Number.POSITIVE_INFINITY, client)).reason;
  await vi.waitUntil(() => resolver.events.lines.includes('connected'), { timeout: 10_000 });
  const reasons = [await resolve('a', office), await resolve('b', office), await resolve('c', office)];
  expect(reasons.at(-1)).toBe('authentication_throttled');
  const client = new Redis(redis.url);
  onTestFinished(() => client.disconnect());
  await client.call('CLIENT', 'PAUSE', '60000', 'ALL');
  // It accepts no other command now, so the look-ups end only with it.
  onTestFinished(() => redis.kill());
  const other = '198.51.100.9';
  for (let at = 0; resolver.stats().flights < maxFlights; at += 1) {
    void resolve(`guess-${at}`, at % 2 === 0 ? office : other);
  }
  expect(await resolve('one more', office)).toBe('authentication_throttled');
  expect(await resolve('one more', other)).toBe('auth_busy');
});

test('an expired genuine token is not a failure, and one with a wrong signature is', async () => {
  const issuer = await startTokenIssuer();
  onTestFinished(() => issuer.close());
  const world = await startThrottledWorld();
  const gateway = await world.gateway({
    sources: `issuer: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] }`,
  });
  const expired = await Promise.all(
    Array.from({ length: 12 }, (_, at) => issuer.token({ jti: `${at}`, iat: nowS() - 7_200, exp: nowS() - 3_600 })),
  );
  const statuses = await statusesOf(12, (at) => gateway.get(office, bearer(expired[at]!)));
  expect(statuses).toEqual(new Array(12).fill(401));
  const forger = await makeKey(issuer.key.kid);
  const forged = await Promise.all(Array.from({ length: 12 }, (_, at) => issuer.token({ jti: `${at}` }, {}, forger)));
  expect(await statusesOf(12, (at) => gateway.get(office, bearer(forged[at]!)))).toContain(429);
});
