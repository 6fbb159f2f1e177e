/** Every way to revoke, with and without Redis: revoked credentials are looked up again, on every replica. */
import { createHmac } from 'node:crypto';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { useRedis } from '../../support/redis.ts';
import { ann, bearer, pair, type RevokingGateway, robot, startWorld, webhookKey } from './world.ts';

interface Door {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly source: string;
  readonly kind: string;
  revoke(gateway: RevokingGateway): Promise<{ status: number }>;
}

const body = (value: unknown) => (gateway: RevokingGateway) => gateway.revoke(value);

function webhook(gateway: RevokingGateway, value: unknown, part: Record<string, string> = {}) {
  const text = JSON.stringify(value);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac('sha256', Buffer.from(webhookKey, 'base64')).update(`msg_1.${timestamp}.${text}`);
  return fetch(`${gateway.admin}/webhooks/revocations`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${signature.digest('base64')}`,
      ...part,
    },
    body: text,
  });
}

const through = async (gateway: RevokingGateway, method: string, path: string) => ({
  status: await gateway.status(bearer(ann.token), path, method),
});

const doors: Door[] = [
  {
    name: 'a session',
    headers: bearer(ann.token),
    source: 'admin',
    kind: 'session',
    revoke: body({ sessionID: ann.sessionId }),
  },
  { name: 'a key', headers: pair, source: 'admin', kind: 'keyPair', revoke: body({ keyID: robot.keyId }) },
  { name: 'a user', headers: pair, source: 'admin', kind: 'user', revoke: body({ userID: robot.userId }) },
  {
    name: 'a bearer',
    headers: bearer(ann.token),
    source: 'admin',
    kind: 'credential',
    revoke: body({ bearer: ann.token }),
  },
  {
    name: 'a key pair',
    headers: pair,
    source: 'admin',
    kind: 'credential',
    revoke: body({ apiKey: pair['api-key'], apiSecret: pair['api-secret'] }),
  },
  {
    name: 'a webhook',
    headers: bearer(ann.token),
    source: 'webhook',
    kind: 'session',
    revoke: (gateway) => webhook(gateway, { sessionID: ann.sessionId }),
  },
  {
    name: 'a call through the gateway, by a path parameter',
    headers: bearer(ann.token),
    source: 'route',
    kind: 'session',
    revoke: (gateway) => through(gateway, 'DELETE', `/session/${ann.sessionId}`),
  },
  {
    name: 'a call through the gateway, by its caller',
    headers: bearer(ann.token),
    source: 'route',
    kind: 'user',
    revoke: (gateway) => through(gateway, 'POST', '/leave'),
  },
];

test.each(doors)('without Redis: $name', async ({ headers, source, kind, revoke }) => {
  const world = await startWorld();
  const one = await world.gateway(null);
  expect(await one.status(headers)).toBe(200);
  expect(await one.status(headers)).toBe(200);
  const before = world.calls();
  world.authApi.remove(ann.token);
  world.authApi.remove(pair['api-key']);
  expect(await one.status(headers)).toBe(200);
  expect(world.calls()).toBe(before);
  expect((await revoke(one)).status).toBeOneOf([200, 202]);
  expect(await one.status(headers)).toBe(401);
  expect(await one.metric(`rolegate_revocations_total{source="${source}",kind="${kind}"}`)).toBe(1);
});

test.each(doors)('on every replica once it returns: $name', async ({ headers, source, kind, revoke }) => {
  const redis = await useRedis();
  const world = await startWorld();
  const gateways = await Promise.all([world.gateway(redis), world.gateway(redis), world.gateway(redis)]);
  await Promise.all(gateways.map((one) => one.hears(true)));
  for (const one of gateways) expect(await one.status(headers)).toBe(200);
  world.authApi.remove(ann.token);
  world.authApi.remove(pair['api-key']);
  for (const one of gateways) expect(await one.status(headers)).toBe(200);
  expect((await revoke(gateways[0]!)).status).toBeOneOf([200, 202]);
  expect(await Promise.all(gateways.map((one) => one.status(headers)))).toEqual([401, 401, 401]);
  expect(await gateways[0]!.metric(`rolegate_revocations_total{source="${source}",kind="${kind}"}`)).toBe(1);
  expect(await gateways[1]!.metric(`rolegate_revocations_total{source="replica",kind="${kind}"}`)).toBe(1);
  expect(await gateways[0]!.metric('rolegate_revocations_unacknowledged_total')).toBe(0);
});

test('the log line of a revocation names the operator, and the owner of the credential', async () => {
  const world = await startWorld();
  const one = await world.gateway(null);
  expect(await one.status(pair)).toBe(200);
  expect((await one.revoke({ apiKey: pair['api-key'], apiSecret: pair['api-secret'] })).status).toBe(202);
  expect(await one.status(bearer(ann.token))).toBe(200);
  expect((await one.revoke({ bearer: ann.token })).status).toBe(202);
  expect((await one.revoke({ userID: 'u-7' })).status).toBe(202);
  const lines = one.logText().match(/^.*"msg":"revoked".*$/gm)!;
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { source: 'admin', kind: 'credential', by: 'adminToken', keyId: expect.any(String), userId: expect.any(String) },
    { source: 'admin', kind: 'credential', by: 'adminToken', sessionId: ann.sessionId },
    { source: 'admin', kind: 'user', by: 'adminToken', id: 'u-7' },
  ]);
});

test('the revocation of a credential that is not known calls no source', async () => {
  const world = await startWorld();
  const one = await world.gateway(null);
  const before = world.calls();
  expect((await one.revoke({ bearer: ann.token })).status).toBe(202);
  expect(world.calls()).toBe(before);
  const [line] = one.logText().match(/^.*"msg":"revoked".*$/gm)!;
  expect(JSON.parse(line!)).not.toHaveProperty('userId');
});

test('a failed call revokes nothing', async () => {
  const world = await startWorld();
  const one = await world.gateway(null);
  expect(await one.status(bearer(ann.token))).toBe(200);
  world.upstreamAnswers(409);
  expect(await one.status(bearer(ann.token), `/session/${ann.sessionId}`, 'DELETE')).toBe(409);
  world.upstreamAnswers(200);
  world.authApi.remove(ann.token);
  expect(await one.status(bearer(ann.token))).toBe(200);
});

test('revokes one credential, and no other', async () => {
  const world = await startWorld();
  const one = await world.gateway(null);
  expect([await one.status(bearer(ann.token)), await one.status(pair)]).toEqual([200, 200]);
  const before = world.calls();
  expect((await one.revoke({ bearer: ann.token })).status).toBe(202);
  expect([await one.status(pair), await one.status(bearer(ann.token))]).toEqual([200, 200]);
  expect(world.calls()).toBe(before + 1);
});

test('counts values that are not ids', async () => {
  const world = await startWorld();
  const one = await world.gateway(null);
  expect(await one.status(bearer(ann.token), '/session/a%20b', 'DELETE')).toBe(200);
  expect(await one.metric('rolegate_evictions_unreadable_total{route="session"}')).toBe(1);
});

test('no credential is logged, published or stored in Redis', async () => {
  const redis = await useRedis();
  const world = await startWorld();
  const [one, other] = await Promise.all([world.gateway(redis), world.gateway(redis)]);
  await Promise.all([one.hears(true), other.hears(true)]);
  const listener = new Redis(redis.url);
  onTestFinished(() => listener.disconnect());
  const heard: string[] = [];
  await listener.psubscribe(`${redis.keyPrefix}*`);
  listener.on('pmessage', (_pattern, _channel, message) => heard.push(message));
  expect((await one.revoke({ bearer: ann.token })).status).toBe(202);
  expect((await one.revoke({ apiKey: pair['api-key'], apiSecret: pair['api-secret'] })).status).toBe(202);
  const reader = listener.duplicate();
  onTestFinished(() => reader.disconnect());
  const log = JSON.stringify(await reader.xrange(`${redis.keyPrefix}{revocations}:log`, '-', '+'));
  const told = [...heard, log, one.logText(), other.logText()].join('\n');
  expect(told).toContain('credential');
  for (const secret of [ann.token, pair['api-key'], pair['api-secret']]) expect(told).not.toContain(secret);
});
