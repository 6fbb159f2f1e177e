/** How gateways notify each other, and what happens to those that were down or disconnected. */
import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { presentName } from '../../../src/identity/revocation/acknowledgements.ts';
import { followRevocations } from '../../../src/identity/revocation/revocation-scripts.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { startBreakableRelay } from '../../support/breakable-relay.ts';
import { startPrivateRedis, useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { portOf, redisClient, sessionId, startPart } from './parts.ts';
import { redisWithLog } from './token-world.ts';

const session = { kind: 'session', id: sessionId } as const;

async function relayTo(port: number) {
  const relay = await startBreakableRelay({ host: '127.0.0.1', port });
  onTestFinished(() => relay.close());
  return relay;
}

test('acknowledged means that every connected replica has applied it', async () => {
  const { url, keyPrefix } = await useRedis();
  // Patient: on a busy machine, an acknowledgement may take long.
  const [one, two, three] = [1, 2, 3].map(() => startPart(portOf(url), keyPrefix, 10_000));
  await Promise.all([one!.hears(true), two!.hears(true), three!.hears(true)]);
  const askedAtMs = Date.now();
  expect(await one!.revoke(session, 'admin')).toBe('delivered');
  expect([one!, two!, three!].map((part) => part.drops(askedAtMs))).toEqual([true, true, true]);
  expect(two!.events.lines).toContain('revoked replica session');
  expect(one!.events.lines.filter((line) => line.startsWith('revoked'))).toEqual(['revoked admin session']);
  expect(one!.events.lines).not.toContain('unacknowledged 1');
});

test('a disconnected replica is awaited until it serves no cached verdict, and catches up later', async () => {
  const { url, keyPrefix } = await useRedis();
  const relay = await relayTo(portOf(url));
  const one = startPart(portOf(url), keyPrefix);
  const away = startPart(relay.port, keyPrefix);
  await Promise.all([one.hears(true), away.hears(true)]);
  const askedAtMs = Date.now();
  relay.cut();
  const beganAt = performance.now();
  expect(await one.revoke(session, 'admin')).toBe('delivered');
  expect(performance.now() - beganAt).toBeGreaterThan(300);
  expect(one.events.lines).toContain('unacknowledged 1');
  expect(away.connection.isConnected(Date.now())).toBe(false);
  expect(away.connection.oldestMs(Date.now())).toBeGreaterThan(askedAtMs);
  expect(away.drops(askedAtMs)).toBe(false);
  relay.mend();
  await away.hears(true);
  expect(away.drops(askedAtMs)).toBe(true);
  expect(away.events.lines).toContain('revoked log session');
  expect(away.events.lines).toContain('caught up followed');
  expect(away.events.lines).not.toContain('caught up lost');
});

test('a replica that the clock of Redis places in the future is not awaited, and is dropped', async () => {
  const { url, keyPrefix } = await useRedis();
  const client = redisClient(url);
  const replicas = `${keyPrefix}{revocations}:replicas`;
  const one = startPart(portOf(url), keyPrefix);
  await one.hears(true);
  // It proved its connection before the clock was set back, and has ended since.
  const ended = `${randomUUID()} 10000`;
  await client.zadd(replicas, Date.now() + 3_600_000, ended);
  expect(await one.revoke(session, 'admin')).toBe('delivered');
  expect(one.events.lines).not.toContain('unacknowledged 1');
  await vi.waitFor(async () => expect(await client.zscore(replicas, ended)).toBeNull(), { timeout: 10_000 });
});

test('a replica with silent connections does not count as connected', async () => {
  const { url, keyPrefix } = await useRedis();
  const relay = await relayTo(portOf(url));
  const away = startPart(relay.port, keyPrefix);
  await away.hears(true);
  relay.freeze();
  await away.hears(false);
  expect(await startPart(portOf(url), keyPrefix).revoke(session, 'admin')).toBeOneOf(['delivered', 'undelivered']);
  relay.mend();
  await away.hears(true);
});

test('a disconnected replica also catches up with what concerns a source that is called', async () => {
  const { url, keyPrefix } = await useRedis();
  const relay = await relayTo(portOf(url));
  const [one, away] = [startPart(portOf(url), keyPrefix), startPart(relay.port, keyPrefix)];
  await Promise.all([one.hears(true), away.hears(true)]);
  relay.cut();
  await away.hears(false);
  const askedAtMs = Date.now();
  expect(await one.revoke({ ...session, source: 'asked' }, 'route')).toBe('delivered');
  expect([one.dropsOf('asked', askedAtMs), away.dropsOf('asked', askedAtMs)]).toEqual([true, false]);
  relay.mend();
  await away.hears(true);
  expect(away.events.lines).toContain('revoked log session');
  expect(away.events.lines).not.toContain('caught up lost');
  expect([away.dropsOf('asked', askedAtMs), away.dropsOf('issuer', askedAtMs)]).toEqual([true, false]);
  // A replica that starts does not use the verdict of another one.
  const late = startPart(portOf(url), keyPrefix);
  await late.hears(true);
  expect(late.dropsOf('asked', askedAtMs, true)).toBe(true);
});

test('a log of called sources that does not reach back revokes their results, and no tokens', async () => {
  const { url, keyPrefix } = await redisWithLog();
  const client = redisClient(url);
  const relay = await relayTo(portOf(url));
  const away = startPart(relay.port, keyPrefix);
  await away.hears(true);
  relay.cut();
  await away.hears(false);
  const askedAtMs = Date.now();
  const log = `${keyPrefix}{revocations}:results`;
  for (const id of ['one', 'another']) {
    await client.xadd(log, '*', 'm', JSON.stringify({ v: 2, kind: 'user', id, source: 'asked', atMs: 1 }));
  }
  await client.xtrim(log, 'MAXLEN', 1);
  relay.mend();
  await away.happened('caught up lost');
  await away.hears(true);
  expect(away.dropsOf('asked', askedAtMs)).toBe(true);
  // Verified after that.
  expect(away.dropsOf('issuer', Date.now() + 60_000, false, askedAtMs - 60_000)).toBe(false);
});

test('revocations that Redis does not accept: many of called sources end no tokens', async () => {
  const { url, keyPrefix } = await redisWithLog();
  const relay = await relayTo(portOf(url));
  const [one, other] = [startPart(relay.port, keyPrefix), startPart(portOf(url), keyPrefix)];
  await Promise.all([one.hears(true), other.hears(true)]);
  const issuedAtMs = Date.now() - 60_000;
  relay.cut();
  await one.hears(false);
  await one.revoke({ kind: 'token', id: 'of-the-issuer', source: 'https://issuer.test' }, 'admin');
  await Promise.all(
    Array.from({ length: 1_100 }, (_, at) => one.revoke({ kind: 'session', id: `s${at}`, source: 'asked' }, 'route')),
  );
  relay.mend();
  await other.happened('revoked replica all');
  await other.happened('revoked replica token');
  expect(other.dropsOf('issuer', Date.now() + 60_000, false, issuedAtMs)).toBe(false);
  // Control: its verdicts of called sources are.
  expect(other.dropsOf('asked', issuedAtMs)).toBe(true);
});

test('a log that does not reach back revokes everything', async () => {
  const { url, keyPrefix } = await useRedis();
  const client = redisClient(url);
  const relay = await relayTo(portOf(url));
  const away = startPart(relay.port, keyPrefix);
  await away.hears(true);
  const askedAtMs = Date.now();
  relay.cut();
  await away.hears(false);
  const log = `${keyPrefix}{revocations}:log`;
  await client.xadd(log, '*', 'm', JSON.stringify({ v: 1, kind: 'user', id: 'somebody', atMs: 1 }));
  await client.xadd(log, '*', 'm', JSON.stringify({ v: 1, kind: 'user', id: 'another', atMs: 2 }));
  await client.xtrim(log, 'MAXLEN', 1);
  relay.mend();
  await away.happened('caught up lost');
  expect(away.drops(askedAtMs)).toBe(true);
});

test('a Redis that has lost everything revokes everything for disconnected replicas, and nothing for connected ones', async () => {
  const redis = await startPrivateRedis();
  onTestFinished(() => redis.dispose());
  const client = redisClient(redis.url);
  const relay = await relayTo(portOf(redis.url));
  const here = startPart(portOf(redis.url), 'p:');
  const away = startPart(relay.port, 'p:');
  await Promise.all([here.hears(true), away.hears(true)]);
  const askedAtMs = Date.now();
  relay.cut();
  await away.hears(false);
  await client.flushall();
  await vi.waitFor(async () => expect(await client.exists('p:{revocations}:log')).toBe(1), { timeout: 10_000 });
  relay.mend();
  await away.happened('caught up lost');
  expect(away.drops(askedAtMs)).toBe(true);
  expect(here.drops(askedAtMs)).toBe(false);
  expect(here.events.lines).not.toContain('caught up lost');
});

test('a replica that starts later applies earlier revocations to verdicts that it finds in Redis', async () => {
  const { url, keyPrefix } = await useRedis();
  const one = startPart(portOf(url), keyPrefix);
  await one.hears(true);
  const askedAtMs = Date.now();
  await one.revoke(session, 'admin');
  const late = startPart(portOf(url), keyPrefix);
  await late.happened('caught up started');
  await late.hears(true);
  expect(late.drops(askedAtMs, true)).toBe(true);
});

test('a revocation that Redis did not accept is published as soon as it does', async () => {
  const { url, keyPrefix } = await useRedis();
  const relay = await relayTo(portOf(url));
  const one = startPart(relay.port, keyPrefix);
  const other = startPart(portOf(url), keyPrefix);
  await Promise.all([one.hears(true), other.hears(true)]);
  const askedAtMs = Date.now();
  relay.cut();
  await one.hears(false);
  expect(await one.revoke(session, 'admin')).toBe('undelivered');
  expect(one.drops(askedAtMs)).toBe(true);
  expect(other.drops(askedAtMs)).toBe(false);
  relay.mend();
  await other.happened('revoked replica session');
  expect(other.drops(askedAtMs)).toBe(true);
});

const announced = (part: object) => JSON.stringify({ v: 1, kind: 'session', id: sessionId, atMs: 1, ...part });

test.each([
  ['invalid JSON', '{"v":1,"kind":'],
  ['not an object', '["session"]'],
  ['no version', '{"kind":"all"}'],
  ['an unknown kind', announced({ kind: 'everything' })],
  ['an invalid id', announced({ id: 'a b' })],
  ['no id', '{"v":1,"kind":"session"}'],
  ['an id that is a number', announced({ id: 7 })],
  ['too long', announced({ filler: 'x'.repeat(3_000) })],
  ['not text', Buffer.from([0xff, 0xfe, 0x00])],
  ['empty', ''],
])('invalid messages on the channel are counted, and drop nothing: %s', async (_name, message) => {
  const { url, keyPrefix } = await useRedis();
  const part = startPart(portOf(url), keyPrefix);
  await part.hears(true);
  const client = redisClient(url);
  const askedAtMs = Date.now();
  await client.publish(`${keyPrefix}revocations`, message);
  await client.publish(`${keyPrefix}gateways`, message);
  await client.xadd(`${keyPrefix}{revocations}:log`, '*', 'm', message);
  await client.publish(`${keyPrefix}revocations`, announced({ id: 'another' }));
  await part.happened('revoked channel session');
  await part.happened('noise log');
  expect(part.drops(askedAtMs)).toBe(false);
  expect(part.events.lines.filter((line) => line.startsWith('noise'))).toContain('noise channel');
});

test.each([
  ['a session', announced({}), 'revoked channel session'],
  ['a user', announced({ kind: 'user', id: 'ann' }), 'revoked channel user'],
  ['everything', '{"v":1,"kind":"all","id":null,"atMs":1}', 'revoked channel all'],
  ['an unknown version', '{"v":4,"what":"else"}', 'revoked channel all'],
])('a message on the channel: %s', async (_name, message, line) => {
  const { url, keyPrefix } = await useRedis();
  const part = startPart(portOf(url), keyPrefix);
  await part.hears(true);
  const askedAtMs = Date.now();
  await redisClient(url).publish(`${keyPrefix}revocations`, message);
  await part.happened(line);
  expect(part.drops(askedAtMs)).toBe(true);
});

test('of an entry larger than any message, only the position is read', async () => {
  const { url, keyPrefix } = await useRedis();
  const client = redisClient(url);
  const part = startPart(portOf(url), keyPrefix);
  await part.hears(true);
  const large = 'x'.repeat(1_000_000);
  await client.xadd(`${keyPrefix}{revocations}:log`, '*', 'm', large);
  await client.xadd(`${keyPrefix}{revocations}:log`, '*', 'm', announced({ id: 'another' }), large, large);
  await client.xadd(`${keyPrefix}{revocations}:log`, '*', 'm', announced({}));
  await part.happened('revoked log session');
  expect(part.events.lines.filter((line) => line === 'noise log')).toHaveLength(2);
  const link = connectRedis(redisConfig(url, keyPrefix), { name: 'test' });
  onTestFinished(() => link.close());
  await vi.waitUntil(() => link.ready);
  const names = ['replicas', 'log', 'results'].map((name) => `${keyPrefix}{revocations}:${name}`);
  const own = presentName({ replicaId: part.replicaId, whileDisconnectedMs: 400 });
  const reply = await link.script(followRevocations)(names, [500, own, 'nobody', 'x', 2_048, '', 60_000, '', 60_000]);
  expect(JSON.stringify(reply).length).toBeLessThan(10_000);
});

test('a closed replica trusts none of its verdicts: no other one waits for it', async () => {
  const { url, keyPrefix } = await useRedis();
  const part = startPart(portOf(url), keyPrefix, 10_000);
  await part.hears(true);
  await part.close();
  expect(part.connection.isConnected(Date.now())).toBe(false);
});

test('a forged acknowledgement of a replica that was not notified proves nothing', async () => {
  const { url, keyPrefix } = await useRedis();
  const [one, other] = [startPart(portOf(url), keyPrefix), startPart(portOf(url), keyPrefix)];
  await Promise.all([one.hears(true), other.hears(true)]);
  const client = redisClient(url);
  for (const text of ['ack', 'ack x y', `ack ${sessionId} ${sessionId}`, 'proof ffff', 'proof', '\xff']) {
    await client.publish(`${keyPrefix}gateway:${one.replicaId}`, text);
  }
  expect(await one.revoke(session, 'admin')).toBe('delivered');
  expect(other.drops(Date.now() - 1_000)).toBe(true);
});

test('a replica that only publishes cannot be checked for missed messages, so everything is revoked', async () => {
  const { url, keyPrefix } = await useRedis();
  const relay = await relayTo(portOf(url));
  const part = startPart(relay.port, keyPrefix);
  await part.hears(true);
  await redisClient(url).publish(`${keyPrefix}revocations`, announced({ id: 'another' }));
  await part.happened('revoked channel session');
  // Until it is certain that the message is not in the log.
  const proofs = () => part.connection.connectedUntilMs;
  let last = proofs();
  for (let count = 0; count < 7; count += 1) {
    await vi.waitFor(() => expect(proofs()).toBeGreaterThan(last), { timeout: 10_000 });
    last = proofs();
  }
  const askedAtMs = Date.now();
  relay.cut();
  await part.hears(false);
  relay.mend();
  await part.happened('caught up lost');
  expect(part.drops(askedAtMs)).toBe(true);
});
