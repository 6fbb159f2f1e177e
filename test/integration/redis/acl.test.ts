/** The Redis guide as its readers use it: its configurations load, and its ACL user has the necessary permissions. */
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RedisConfig } from '../../../src/config/config.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { createRedisSessionStore } from '../../../src/identity/sessions/redis-session-store.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { redisFailure } from '../../../src/redis/redis-failure.ts';
import type { RedisFailure } from '../../../src/redis/redis-link.ts';
import { session as aSession } from '../../contract/session-store.ts';
import { createAuthority } from '../../support/certificates.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { blocksOf } from '../../support/markdown-page.ts';
import { startRecordingUpstream } from '../../support/recording-upstream.ts';
import { startPrivateRedis } from '../../support/redis.ts';
import { redisConfig, redisConfigOf } from '../../support/redis-config.ts';
import { type ClusterRedis, connectTo, startClusterRedis, startSentinelRedis } from '../../support/redis-topologies.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { aclRule, granted } from './guides-acl.ts';
import { patience } from './link-support.ts';

const page = readFileSync('docs/guides/redis.md', 'utf8');
const blocks = blocksOf(page);
const password = 'change-me-to-something-long';
const adminToken = 'a'.repeat(40);

/** What the guide adds for a Cluster and Sentinels of a version that knows it. */
async function addedSince7_2(client: Redis): Promise<readonly string[]> {
  const command = /or newer, also grant `\+(\S+)`/.exec(page)?.[1] ?? '';
  const [found] = (await client.call('COMMAND', 'INFO', command)) as readonly unknown[];
  return found === null ? [] : [`+${command}`];
}

/** Applies the rule, and leaves the default user to the tests only. */
async function applyRule(client: Redis, added: readonly string[] = []): Promise<void> {
  await client.call('ACL', 'SETUSER', 'rolegate', ...aclRule, ...added);
  await client.acl('SETUSER', 'tests', 'on', '>tests', '~*', '&*', '+@all');
  await client.auth('tests', 'tests');
  await client.acl('SETUSER', 'default', 'off');
}

function portOf({ url }: { url: string }): number {
  return Number(new URL(url).port);
}

async function gatewayWith(redis: string, authApi: FakeAuthApi, more = ''): Promise<RunningGateway> {
  const upstream = await startRecordingUpstream();
  onTestFinished(upstream.close);
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0", adminToken: ${adminToken} }
authApi: { url: "${new URL(authApi.url).origin}" }
cache: { secret: a cache secret of at least thirty-two characters, redis: ${redis} }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
${more}`);
  onTestFinished(gateway.close);
  return gateway;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const operator = { ...bearer(adminToken), 'content-type': 'application/json' };

/** Everything that a gateway does with Redis: verdicts, flights with another replica, revocations. */
async function useAll(one: RunningGateway, two: RunningGateway, authApi: FakeAuthApi): Promise<void> {
  for (const { admin } of [one, two]) {
    await vi.waitFor(async () => {
      const ready = await fetch(`${admin}/health/ready`);
      expect(await ready.json()).toMatchObject({ checks: { redis: 'ok', revocations: 'ok' } });
    }, patience);
  }
  for (const token of ['a', 'b', 'c', 'd']) {
    authApi.addSession(token);
    const headers = bearer(token);
    const asked = [one, two, one, two].map(async ({ origin }) => (await fetch(`${origin}/own`, { headers })).status);
    expect(await Promise.all(asked)).toEqual([200, 200, 200, 200]);
    expect((await fetch(`${one.origin}/own`, { headers: bearer(`not-${token}`) })).status).toBe(401);
  }
  const body = JSON.stringify({ bearer: 'a' });
  const told = await fetch(`${one.admin}/revocations`, { method: 'POST', headers: operator, body });
  expect(told.status).toBe(202);
}

async function commandsSeen(client: Redis): Promise<Set<string>> {
  const statistics = await client.info('commandstats');
  return new Set([...statistics.matchAll(/^cmdstat_([^:]+):/gm)].map(([, command = '']) => command));
}

/** Everything that a store of sessions does. */
async function useSessions(config: RedisConfig): Promise<void> {
  const link = connectRedis(config, { name: 'sessions' });
  onTestFinished(() => link.close());
  await vi.waitFor(() => expect(link.ready).toBe(true), patience);
  let nowMs = Date.now();
  const store = createRedisSessionStore({
    link,
    keyPrefix: 'rolegate:',
    bounds: { maxIdleMs: 60_000, maxLifetimeMs: 120_000, maxPerPerson: 1, max: 10 },
    secret: 's'.repeat(32),
    previousSecrets: ['p'.repeat(32)],
    onEvict() {},
    now: () => nowMs,
  });
  const session = aSession({ openedAtMs: nowMs, usedAtMs: nowMs });
  await store.open(session);
  const id = await store.open(session);
  nowMs += 30_000;
  await store.find(id);
  const lease = await store.lease(id);
  expect(await store.replace(id, session, lease!)).toBe(true);
  await lease!.release();
  expect(await store.listOf(session.issuer, session.subject)).toHaveLength(1);
  await store.end(id);
  expect(await store.find(id)).toBeNull();
  await store.close();
}

describe('the Redis guide', () => {
  const examples = blocks.filter(({ language }) => language === 'yaml');
  const authority = createAuthority();
  const own = authority.issue({ hosts: ['gateway.test'] });
  const files: Record<string, string> = {
    '/etc/rolegate/redis-ca.pem': authority.cert,
    '/etc/rolegate/redis.pem': own.cert,
    '/etc/rolegate/redis-key.pem': own.key,
  };

  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(5);
    expect(granted.length).toBeGreaterThan(10);
  });

  it.each(examples.map(({ text, line }) => [line, text] as const))('line %i: the configuration loads', (_, text) => {
    const read = parseConfig(`version: 1\nauthApi: { url: "http://auth:8081" }\nroutes: []\n${text}`, {
      file: 'gateway.yaml',
      env: { REDIS_URL: 'redis://redis:6379', ROLEGATE_CACHE_SECRET: 'c'.repeat(32), REDIS_PASSWORD: 'password' },
      readSecret: (path) => files[path] ?? `${path}: ${'s'.repeat(32)}`,
    });
    expect(read.ok ? [] : read.problems).toEqual([]);
  });
});

describe('the least-privilege user', () => {
  it('is sufficient for gateways and the Auth API, and has no unneeded permission', async () => {
    const redis = await startPrivateRedis();
    onTestFinished(redis.dispose);
    const client = connectTo(onTestFinished, { address: { host: '127.0.0.1', port: portOf(redis) } });
    await applyRule(client);
    const authApi = await startFakeAuthApi();
    onTestFinished(authApi.close);
    const yaml = `{ url: "redis://rolegate:${password}@127.0.0.1:${portOf(redis)}", timeout: 2s }`;
    const own = `{ database: ":memory:", secret: "${'s'.repeat(40)}", redis: ${yaml} }`;
    const [one, two] = [await gatewayWith(yaml, authApi), await gatewayWith(yaml, authApi)];
    await useAll(one, two, authApi);
    const embedded = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
authApi: { embedded: ${own} }
routes:
  - { id: auth, match: { path: "/api/auth/v2/**" }, upstream: auth-api, access: public }
`);
    onTestFinished(embedded.close);
    const headers = { 'api-key': 'k'.repeat(32), 'api-secret': 's'.repeat(64) };
    await vi.waitFor(async () => {
      expect((await fetch(`${embedded.origin}/api/auth/v2/keypair`, { headers })).status).toBeGreaterThanOrEqual(400);
      expect(await commandsSeen(client)).toContain('incrby');
    }, patience);
    await one.close();
    const uses = redisConfig(`redis://rolegate:${password}@127.0.0.1:${portOf(redis)}`, 'rolegate:');
    await useSessions({ ...uses, username: 'rolegate' });
    const seen = await commandsSeen(client);
    expect(await client.acl('LOG')).toEqual([]);
    expect(granted.filter((command) => !seen.has(command) && !onlyElsewhere.has(command))).toEqual([]);
  }, 60_000);

  it('cannot do more', async () => {
    const redis = await startPrivateRedis();
    onTestFinished(redis.dispose);
    const client = connectTo(onTestFinished, { address: { host: '127.0.0.1', port: portOf(redis) } });
    await applyRule(client);
    await client.auth('rolegate', password);
    for (const command of [
      ['GET', 'other:key'],
      ['SET', 'other:key', '1'],
      ['SUBSCRIBE', 'other:news'],
      ['PUBLISH', 'other:news', '1'],
      ['KEYS', '*'],
      ['SCAN', '0'],
      ['FLUSHALL'],
      ['CONFIG', 'GET', '*'],
      ['ACL', 'LIST'],
      ['CLIENT', 'LIST'],
      ['MONITOR'],
      ['EVAL', "return redis.call('GET', 'other:key')", '0'],
    ] as const) {
      const [name, ...rest] = command;
      const refused = await client.call(name, ...rest).then(() => null, redisFailure);
      expect(refused, command.join(' ')).toBe('forbidden');
    }
  });

  it('is sufficient for a Cluster', async () => {
    const redis = await startClusterRedis();
    const clients = redis.nodes.map((node) => connectTo(onTestFinished, node));
    for (const client of clients) await applyRule(client, await addedSince7_2(client));
    const authApi = await startFakeAuthApi();
    onTestFinished(authApi.close);
    const yaml = `{ cluster: ${seedsOf(redis)}, username: rolegate, password: ${password}, timeout: 2s }`;
    const [one, two] = [await gatewayWith(yaml, authApi), await gatewayWith(yaml, authApi)];
    await useAll(one, two, authApi);
    const seen = new Set<string>();
    for (const client of clients) {
      expect(await client.acl('LOG')).toEqual([]);
      for (const command of await commandsSeen(client)) seen.add(command);
    }
    expect([...onlyElsewhere].filter((command) => command.startsWith('cluster') && !seen.has(command))).toEqual([]);
  }, 60_000);

  it('is sufficient with Sentinels, which have their own user', async () => {
    const redis = await startSentinelRedis();
    const words = /For Sentinels with an ACL:\s+`([^`]+)`\s+and the channel\s+`([^`]+)`/.exec(page);
    const [, commands = '', channel = ''] = words ?? [];
    const asked = redis.sentinels.map((sentinel) => connectTo(onTestFinished, sentinel));
    for (const client of asked) {
      await client.acl(
        'SETUSER',
        'watcher',
        'on',
        '>watching',
        'resetchannels',
        channel,
        '-@all',
        ...commands.split(' '),
        ...(await addedSince7_2(client)),
      );
    }
    for (const server of redis.servers) {
      await connectTo(onTestFinished, server).call('ACL', 'SETUSER', 'rolegate', ...aclRule);
    }
    const nodes = redis.sentinels.map(({ address }) => address);
    const servers = { kind: 'sentinel', name: redis.name, nodes, username: 'watcher', password: 'watching' } as const;
    const config = { ...redisConfigOf(servers, 'rolegate:'), username: 'rolegate', password };
    const away: RedisFailure[] = [];
    const link = connectRedis(config, { name: 'test', onAway: (why) => away.push(why) });
    onTestFinished(link.close);
    await vi.waitFor(() => expect(link.ready).toBe(true), patience);
    await vi.waitFor(async () => {
      const lists = await Promise.all(asked.map((client) => client.client('LIST')));
      expect(lists.map((list) => / sub=1 .* user=watcher /.test(String(list)))).toEqual([true, true, true]);
    }, patience);
    expect(await link.run((client) => client.set('rolegate:a', '1'))).toBe('OK');
    for (const client of asked) expect(await client.acl('LOG')).toEqual([]);
    expect(away).toEqual([]);
  }, 60_000);

  it('with a wrong password, nothing is shared, nothing fails, and the log contains no password', async () => {
    const redis = await startPrivateRedis();
    onTestFinished(redis.dispose);
    await applyRule(connectTo(onTestFinished, { address: { host: '127.0.0.1', port: portOf(redis) } }));
    const authApi = await startFakeAuthApi();
    onTestFinished(authApi.close);
    authApi.addSession('a');
    const yaml = `{ url: "redis://127.0.0.1:${portOf(redis)}", username: rolegate, password: another-password }`;
    const gateway = await gatewayWith(yaml, authApi);
    expect((await fetch(`${gateway.origin}/own`, { headers: bearer('a') })).status).toBe(200);
    await vi.waitFor(async () => {
      const metrics = await fetch(`${gateway.admin}/metrics`, { headers: operator });
      expect(await metrics.text()).toMatch(
        /^rolegate_redis_operations_total\{operation="connection",outcome="error"\} [1-9]/m,
      );
    }, patience);
    expect(gateway.logText()).not.toContain('another-password');
  }, 60_000);
});

/** Of a Cluster, and for a counter that has lost its expiry. */
const onlyElsewhere = new Set(['cluster|slots', 'cluster|info', 'expire']);

function seedsOf({ nodes }: ClusterRedis): string {
  return JSON.stringify(nodes.map(({ address: { host, port } }) => `${host}:${port}`));
}
