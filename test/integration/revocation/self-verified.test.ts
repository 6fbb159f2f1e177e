/**
 * Tokens that gateways verify themselves stay revoked: on every replica, after a restart, and while revocations are
 * unknown.
 */
import { expect, onTestFinished, test, vi } from 'vitest';
import { startBreakableRelay } from '../../support/breakable-relay.ts';
import { untilConnected } from '../../support/running-gateway.ts';
import { nowS } from '../../support/token-issuer.ts';
import { portOf, redisClient } from './parts.ts';
import { redisWithLog, startTokenWorld, type TokenGateway, type TokenWorld } from './token-world.ts';

/** Revokes something on `gateway`; resolves with the status of the response. */
type Revoke = (world: TokenWorld, gateway: TokenGateway, token: string) => Promise<number>;

const ways: readonly [name: string, revoke: Revoke, expected: number][] = [
  ['its id', (_, gateway) => gateway.revoke({ tokenID: 'token-1', source: 'issuer' }), 202],
  ['its session', (_, gateway) => gateway.revoke({ sessionID: 'session-1' }), 202],
  ['its user and a time', (_, gateway) => gateway.revoke({ userID: 'ann', issuedBefore: nowS() - 60 }), 202],
  ['its user', (_, gateway) => gateway.revoke({ userID: 'ann' }), 202],
  ['itself', (_, gateway, token) => gateway.revoke({ bearer: token }), 202],
  ['a logout token', async (world, gateway) => (await gateway.logout(await world.logoutToken())).status, 200],
  ['an event', async (world, gateway) => (await gateway.securityEvent(await world.eventToken())).status, 202],
];

const old = () => ({ iat: nowS() - 60 });
/** Another user's token, which nothing here revokes. */
const other = () => ({ ...old(), sub: 'bob', sid: 'session-2', jti: 'token-2' });

async function statuses(gateways: readonly TokenGateway[], token: string): Promise<readonly number[]> {
  return Promise.all(gateways.map((gateway) => gateway.status(token)));
}

test.each(ways)(
  'revoked by %s: refused by all replicas at once, and by one that starts later',
  async (_, revoke, status) => {
    const world = await startTokenWorld();
    const redis = await redisWithLog();
    const [one, two, three] = await Promise.all([1, 2, 3].map(() => world.gateway({ redis })));
    const gateways = [one!, two!, three!];
    const [token, spared] = [await world.issuer.token(old()), await world.issuer.token(other())];
    expect(await statuses(gateways, token)).toEqual([200, 200, 200]);
    expect(await statuses(gateways, spared)).toEqual([200, 200, 200]);
    expect(await revoke(world, one!, token)).toBe(status);
    expect(await statuses(gateways, token)).toEqual([401, 401, 401]);
    expect(await statuses(gateways, spared)).toEqual([200, 200, 200]);
    await two!.close();
    // Under another secret, so it finds no verdict in Redis.
    const later = await world.gateway({ redis, secret: 'another cache secret of at least thirty-two' });
    if (_ !== 'itself') expect(await later.status(token)).toBe(401);
    expect(await later.status(spared)).toBe(200);
    expect(await (await world.gateway({ redis })).status(token)).toBe(401);
    // Control: a replica without revocations verifies it.
    expect(await (await world.gateway()).status(token)).toBe(200);
  },
);

test.each(ways)('revoked by %s: also after the source was renamed', async (_, revoke, status) => {
  const world = await startTokenWorld();
  const redis = await redisWithLog();
  const gateway = await world.gateway({ redis });
  const [token, spared] = [await world.issuer.token(old()), await world.issuer.token(other())];
  expect(await revoke(world, gateway, token)).toBe(status);
  gateway.rename('renamed');
  await untilConnected(gateway.metricsText);
  const later = await world.gateway({ redis, name: 'renamed' });
  expect(await statuses([gateway, later], token)).toEqual([401, 401]);
  expect(await statuses([gateway, later], spared)).toEqual([200, 200]);
});

test('an entry of an earlier version names the source as the configuration does', async () => {
  const world = await startTokenWorld();
  const redis = await redisWithLog();
  const entry = { v: 2, kind: 'session', id: 'session-1', source: 'issuer', atMs: 1 };
  await redisClient(redis.url).xadd(`${redis.keyPrefix}{revocations}:log`, '*', 'm', JSON.stringify(entry));
  const token = await world.issuer.token(old());
  expect(await (await world.gateway({ redis })).status(token)).toBe(401);
  // Control: after an update that also renames the source, it names another one.
  expect(await (await world.gateway({ redis, name: 'renamed' })).status(token)).toBe(200);
});

/** The same token with its other equivalent signature (FIPS 186-5 section 6.4.2), which needs no key. */
function withOtherSignature(token: string): string {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const at = token.lastIndexOf('.') + 1;
  const [r, s] = [
    Buffer.from(token.slice(at), 'base64url').subarray(0, 32),
    Buffer.from(token.slice(at), 'base64url').subarray(32),
  ];
  const other = (order - BigInt(`0x${s.toString('hex')}`)).toString(16).padStart(64, '0');
  return token.slice(0, at) + Buffer.concat([r, Buffer.from(other, 'hex')]).toString('base64url');
}

test('revoked by itself: refused with the equivalent signature', async () => {
  const world = await startTokenWorld();
  const redis = await redisWithLog();
  const [one, two] = [await world.gateway({ redis }), await world.gateway({ redis })];
  const token = await world.issuer.token({ ...old(), jti: undefined as never, sid: undefined as never });
  const same = withOtherSignature(token);
  expect(same).not.toBe(token);
  // Control: it is valid.
  expect(await statuses([one, two], same)).toEqual([200, 200]);
  expect(await one.revoke({ bearer: token })).toBe(202);
  expect(await statuses([one, two], token)).toEqual([401, 401]);
  expect(await statuses([one, two], same)).toEqual([401, 401]);
});

test('a verdict that ends is not verified as valid again', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway({ accepted: '1ms' });
  const token = await world.issuer.token();
  expect([await gateway.status(token), await gateway.status(token)]).toEqual([200, 200]);
  await gateway.revoke({ tokenID: 'token-1' });
  expect([await gateway.status(token), await gateway.status(token)]).toEqual([401, 401]);
});

test('revoked during its verification', async () => {
  const world = await startTokenWorld();
  const { promise: asked, resolve: arrived } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  world.issuer.respond = (request, response) => {
    arrived();
    const { issuer } = world.issuer;
    const body = request.url === '/jwks' ? { keys: world.issuer.keys } : { issuer, jwks_uri: `${issuer}/jwks` };
    void released.then(() => response.setHeader('content-type', 'application/json').end(JSON.stringify(body)));
  };
  const gateway = await world.gateway();
  const status = gateway.status(await world.issuer.token());
  await asked;
  expect(await gateway.revoke({ sessionID: 'session-1' })).toBe(202);
  release();
  expect(await status).toBe(401);
});

test('a revocation for another source revokes nothing here', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway();
  const token = await world.issuer.token(old());
  expect(await gateway.revoke({ userID: 'ann', source: 'another' })).toBe(400);
  expect(await gateway.revoke({ sessionID: 'session-1', source: 'another' })).toBe(400);
  expect(await gateway.status(token)).toBe(200);
  expect(await gateway.revoke({ sessionID: 'session-1', source: 'issuer' })).toBe(202);
  expect(await gateway.status(token)).toBe(401);
});

test('a token without a time of issue, or older than the retention of revocations, is invalid', async () => {
  const world = await startTokenWorld();
  const gateway = await world.gateway({ more: 'maxTokenAge: 1h' });
  const exp = nowS() + 7_200;
  expect(await gateway.status(await world.issuer.token({ iat: nowS() - 3_500, exp }))).toBe(200);
  expect(await gateway.status(await world.issuer.token({ iat: nowS() - 3_700, exp }))).toBe(401);
  expect(await gateway.status(await world.issuer.token({ iat: undefined as never, exp }))).toBe(401);
});

test.each([
  ['refuse', 503],
  ['accept', 200],
])('while disconnected from revocations: %s', async (whileDisconnected, status) => {
  const world = await startTokenWorld();
  const redis = await redisWithLog();
  const relay = await startBreakableRelay({ host: '127.0.0.1', port: portOf(redis.url) });
  onTestFinished(() => relay.close());
  const away = await world.gateway({
    redis: { ...redis, url: `redis://127.0.0.1:${relay.port}` },
    whileDisconnected: '300ms',
    more: `whileDisconnected: ${whileDisconnected}`,
  });
  const token = await world.issuer.token(old());
  expect(await away.status(token)).toBe(200);
  relay.cut();
  await vi.waitFor(async () => expect(await away.metricsText()).toContain('rolegate_revocations_connected 0'), 10_000);
  expect(await away.status(token)).toBe(status);
  const near = await world.gateway({ redis });
  expect(await near.status(token)).toBe(200);
  expect(await near.revoke({ tokenID: 'token-1' })).toBe(202);
  relay.mend();
  // It knows as soon as it is connected again.
  await vi.waitFor(async () => expect(await away.metricsText()).toContain('rolegate_revocations_connected 1'), 10_000);
  expect(await away.status(token)).toBe(401);
});

test('a trimmed or lost log: tokens from before its first entry are refused', async () => {
  const world = await startTokenWorld();
  const redis = await redisWithLog();
  const log = `${redis.keyPrefix}{revocations}:log`;
  const client = redisClient(redis.url);
  await client.del(log);
  await client.xadd(log, `${Date.now() - 600_000}-0`, 'm', '{"v":1,"kind":"session","id":"another","atMs":1}');
  const gateway = await world.gateway({ redis });
  expect(await gateway.status(await world.issuer.token({ iat: nowS() - 700, jti: 'older' }))).toBe(401);
  expect(await gateway.status(await world.issuer.token({ iat: nowS() - 500, jti: 'newer' }))).toBe(200);
});

test('a repeated event token is refused by every replica', async () => {
  const world = await startTokenWorld();
  const redis = await redisWithLog();
  const [one, two] = await Promise.all([world.gateway({ redis }), world.gateway({ redis })]);
  const [logout, event] = [await world.logoutToken(), await world.eventToken()];
  expect([(await one.logout(logout)).status, (await one.securityEvent(event)).status]).toEqual([200, 202]);
  // They are remembered beyond their own life, once they have taken effect.
  const client = redisClient(redis.url);
  const remembered = async () => {
    const keys = await client.keys(`${redis.keyPrefix}event:*`);
    return (await Promise.all(keys.map((key) => client.pttl(key)))).filter((ms) => ms > 5 * 60_000).length;
  };
  await expect.poll(remembered).toBe(2);
  for (const gateway of [one, two]) {
    const again = [await gateway.logout(logout), await gateway.securityEvent(event)];
    expect(again.map(({ status }) => status)).toEqual([400, 400]);
    expect(await again[1]!.json()).toMatchObject({ err: 'invalid_request' });
  }
  // Control: another one is accepted.
  expect((await two.logout(await world.logoutToken())).status).toBe(200);
});
