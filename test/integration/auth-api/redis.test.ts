/** Two Auth APIs on one database and one Redis: shared limits, published revocations, and a Redis that is down. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AuthApi } from '../../../src/auth-api/auth-api.ts';
import { createAuthApi } from '../../../src/auth-api/create-auth-api.ts';
import type { OutgoingMail } from '../../../src/auth-api/outbox/outbox.ts';
import type { AuthApiSettings } from '../../../src/config/config.ts';
import { replicasKey } from '../../../src/identity/revocation/revocation-keys.ts';
import { connectRedis } from '../../../src/redis/connect-redis.ts';
import { authApiSettings } from '../../support/auth-api-settings.ts';
import { type PrivateRedis, startPrivateRedis, useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';

const closing: (() => Promise<void>)[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolegate-test-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(folder, { recursive: true });
});

/** The timeout of a command. */
const silence = 3_000;

const ana = { email: 'ana@example.test', fullName: 'Ana', alias: 'ana', roles: ['user'], groups: ['public'] };
const otherUser = { ...ana, email: 'ben@example.test', alias: 'ben' };

interface Replica {
  readonly api: AuthApi;
  readonly port: number;
  readonly userId: string;
  readonly mails: OutgoingMail[];
  readonly lines: string[];
  /** Members of the lines, one by one. */
  readonly fields: object[];
}

/** The first replica creates the user; the others find it. */
async function startReplica(
  redis: { url: string; keyPrefix: string },
  changes: Partial<AuthApiSettings> = {},
): Promise<Replica> {
  const mails: OutgoingMail[] = [];
  const lines: string[] = [];
  const fields: object[] = [];
  const log = (members: object, message: string) => {
    lines.push(message);
    fields.push(members);
  };
  const shared = { database: join(folder, 'auth.db'), redis: redisConfig(redis.url, redis.keyPrefix, silence) };
  const api = await createAuthApi({
    settings: { ...authApiSettings, ...shared, ...changes },
    connectRedis,
    log: { info: log, warn: log, error: log },
    printCode: (mail) => mails.push(mail),
  });
  closing.push(() => api.close());
  const userId = (await api.findUser(ana.email)) ?? (await api.createUser(ana)).userId;
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  return { api, port, userId, mails, lines, fields };
}

async function askForSession({ port }: { port: number }, email: string): Promise<Response> {
  const body = JSON.stringify({ email });
  return fetch(`http://127.0.0.1:${port}/api/auth/v2/session`, { method: 'POST', body });
}

async function tryKey({ port }: { port: number }, apiKey: string): Promise<number> {
  const headers = { 'api-key': apiKey, 'api-secret': 'wrong' };
  return (await fetch(`http://127.0.0.1:${port}/api/auth/v2/keypair`, { headers })).status;
}

async function bringCode({ port }: { port: number }, verificationCodeID: string, code: string): Promise<number> {
  const body = JSON.stringify({ verificationCodeID, code });
  return (await fetch(`http://127.0.0.1:${port}/api/auth/v2/session/verification`, { method: 'PUT', body })).status;
}

async function listen(url: string, channel: string): Promise<Record<string, unknown>[]> {
  const heard: Record<string, unknown>[] = [];
  const redis = new Redis(url);
  closing.push(async () => redis.disconnect());
  redis.on('message', (_channel, text) => heard.push(JSON.parse(text)));
  await redis.subscribe(channel);
  return heard;
}

function logged({ lines }: Replica, text: RegExp): number {
  return lines.filter((line) => text.test(line)).length;
}

describe('limits', () => {
  it('on mails are shared, and report how long to wait', async () => {
    const redis = await useRedis();
    const replicas = [await startReplica(redis), await startReplica(redis)];
    const statuses: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      statuses.push((await askForSession(replicas[at % 2]!, 'ana@example.test')).status);
    }
    expect(statuses).toEqual([202, 202, 202, 202, 202]);
    for (const replica of replicas) {
      const refused = await askForSession(replica, 'Ana@Example.test');
      expect(refused.status).toBe(429);
      const retryAfterS = Number(refused.headers.get('retry-after'));
      expect(retryAfterS).toBeGreaterThan(590);
      expect(retryAfterS).toBeLessThanOrEqual(600);
    }
  });

  it('on failing key checks are shared, and end with their window', async () => {
    const redis = await useRedis();
    const limits = { ...authApiSettings.limits, keyFailures: 4, keyWindowMs: 1_000 };
    const replicas = [await startReplica(redis, { limits }), await startReplica(redis, { limits })];
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) statuses.push(await tryKey(replicas[at % 2]!, 'some-key'));
    expect(statuses).toEqual([401, 401, 401, 401, 429, 429]);
    await vi.waitFor(async () => expect(await tryKey(replicas[0]!, 'some-key')).toBe(401));
  });

  it('store no plain address or key in Redis', async () => {
    const redis = await useRedis();
    const replica = await startReplica(redis);
    await askForSession(replica, 'ana@example.test');
    await tryKey(replica, 'some-key');
    const client = new Redis(redis.url);
    closing.push(async () => client.disconnect());
    const keys = (await client.keys(`${redis.keyPrefix}*`)).filter((key) => key !== replicasKey(redis.keyPrefix));
    expect(keys).toHaveLength(5);
    for (const key of keys) {
      expect(key).toMatch(new RegExp(`^${redis.keyPrefix}attempts:[\\w-]{43}$`));
      expect(await client.pttl(key)).toBeGreaterThan(0);
      expect(await client.get(key)).toBe('1');
    }
  });

  it('on failed verifications are shared', async () => {
    const redis = await useRedis();
    const replicas = [await startReplica(redis), await startReplica(redis)];
    const statuses: number[] = [];
    for (let code = 0; code < 3; code += 1) {
      await askForSession(replicas[0]!, 'ana@example.test');
      const mail = replicas[0]!.mails.at(-1);
      if (mail?.kind !== 'code') throw new Error('no code came');
      for (let at = 0; at < 5; at += 1) {
        const wrong = String((Number(mail.code) + 1 + at) % 1_000_000).padStart(6, '0');
        statuses.push(await bringCode(replicas[at % 2]!, mail.codeId, wrong));
      }
    }
    expect(statuses).toEqual([...new Array(11).fill(401), ...new Array(4).fill(429)]);
  });

  it('still apply when their keys are deleted, as far as a process has counted itself', async () => {
    const redis = await useRedis();
    const replica = await startReplica(redis);
    for (let at = 0; at < 5; at += 1) expect((await askForSession(replica, 'ana@example.test')).status).toBe(202);
    const client = new Redis(redis.url);
    closing.push(async () => client.disconnect());
    expect(await client.del(...(await client.keys(`${redis.keyPrefix}attempts:*`)))).toBe(4);
    expect((await askForSession(replica, 'ana@example.test')).status).toBe(429);
  });

  it('on tries of a code are shared by the database', async () => {
    const redis = await useRedis();
    const replicas = [await startReplica(redis), await startReplica(redis)];
    await askForSession(replicas[0]!, 'ana@example.test');
    const [mail] = replicas[0]!.mails;
    if (mail?.kind !== 'code') throw new Error('no code came');
    const wrong = String((Number(mail.code) + 1) % 1_000_000).padStart(6, '0');
    const statuses: number[] = [];
    for (let at = 0; at < 7; at += 1) {
      statuses.push(await bringCode(replicas[at % 2]!, mail.codeId, wrong));
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  });
});

describe('a Redis that is down', () => {
  let server: PrivateRedis;

  beforeEach(async () => {
    server = await startPrivateRedis();
    closing.push(server.dispose);
  });

  it('neither lifts a limit nor blocks everyone: each process continues from its own counts', async () => {
    const replica = await startReplica({ url: server.url, keyPrefix: 'a:' });
    for (let at = 0; at < 3; at += 1) expect((await askForSession(replica, 'ana@example.test')).status).toBe(202);
    await server.kill();
    await vi.waitFor(() => expect(logged(replica, /Redis is unavailable/)).toBe(1));
    for (let at = 0; at < 2; at += 1) expect((await askForSession(replica, 'ana@example.test')).status).toBe(202);
    expect((await askForSession(replica, 'ana@example.test')).status).toBe(429);
    expect((await askForSession(replica, 'nobody@example.test')).status).toBe(404);
    await server.start();
    await vi.waitFor(() => expect(logged(replica, /Redis connected/)).toBe(2), { timeout: 10_000 });
    expect((await askForSession(replica, 'nobody@example.test')).status).toBe(404);
  }, 30_000);

  it("that does not respond is awaited once, and no longer than a command's timeout", async () => {
    const replica = await startReplica({ url: server.url, keyPrefix: 'a:' });
    await askForSession(replica, 'ana@example.test');
    await server.pause();
    const took: number[] = [];
    for (let at = 0; at < 3; at += 1) {
      const startMs = performance.now();
      expect((await askForSession(replica, 'ana@example.test')).status).toBe(202);
      took.push(performance.now() - startMs);
    }
    await server.resume();
    expect(took[0]).toBeGreaterThan(silence - 50);
    expect(took[0]).toBeLessThan(2 * silence);
    expect(Math.max(...took.slice(1))).toBeLessThan(silence - 50);
  }, 30_000);

  it('at the start does not prevent the API from starting', async () => {
    await server.stop();
    const replica = await startReplica({ url: server.url, keyPrefix: 'a:' });
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) statuses.push((await askForSession(replica, 'ana@example.test')).status);
    expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
  }, 30_000);

  it('makes gateways drop all verdicts once it responds again, if a revocation was missed meanwhile', async () => {
    const replica = await startReplica({ url: server.url, keyPrefix: 'a:' });
    const heard = await listen(server.url, 'a:revocations');
    const { userId } = await replica.api.createUser(otherUser);
    await server.pause();
    await replica.api.grant(userId, { roles: ['missed'], groups: [] });
    await vi.waitFor(() => expect(logged(replica, /could not be published/)).toBe(1));
    await server.resume();
    let grants = 0;
    await vi.waitFor(
      async () => {
        grants += 1;
        await replica.api.grant(userId, { roles: [`later-${grants}`], groups: [] });
        expect(heard).toContainEqual({ v: 1, kind: 'all', id: null, atMs: expect.any(Number) });
      },
      { timeout: 10_000 },
    );
  }, 30_000);
});

describe('revocations', () => {
  it('are published on the channel, each with kind, id and time', async () => {
    const redis = await useRedis();
    const replica = await startReplica(redis);
    const heard = await listen(redis.url, `${redis.keyPrefix}revocations`);
    const { api, userId, port } = replica;
    const { bearer } = await api.createVerifiedSession(userId);
    const { keyId } = await api.createVerifiedKeyPair(userId, 'Example', 1);
    const call = async (method: string, path: string) => {
      const headers = { authorization: `Bearer ${bearer}` };
      expect((await fetch(`http://127.0.0.1:${port}/api/auth/v2${path}`, { method, headers })).status).toBe(202);
    };
    await call('DELETE', `/keypair/${keyId}`);
    await call('DELETE', '/user');
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    expect(heard).toEqual([
      { v: 1, kind: 'keyPair', id: keyId, atMs: expect.any(Number) },
      { v: 1, kind: 'user', id: userId, atMs: expect.any(Number) },
    ]);
    for (const { atMs } of heard) expect(Math.abs(Number(atMs) - Date.now())).toBeLessThan(60_000);
  });

  it('are published before the API has closed', async () => {
    const redis = await useRedis();
    const replica = await startReplica(redis);
    const heard = await listen(redis.url, `${redis.keyPrefix}revocations`);
    await replica.api.grant(replica.userId, { roles: ['reporter'], groups: [] });
    await replica.api.close();
    await vi.waitFor(() => expect(heard.map(({ kind }) => kind)).toEqual(['user']));
  });
});

it('a Redis that rejects its user is in the log with the code of Redis, and in the health of the process', async () => {
  const { url, keyPrefix } = await useRedis();
  const health = async ({ port }: Replica) => (await fetch(`http://127.0.0.1:${port}/health/ready`)).json();
  const refused = { ...redisConfig(url, keyPrefix, silence), username: 'nobody', password: 'wrong' };
  const replica = await startReplica({ url, keyPrefix }, { redis: refused });
  expect(await health(replica)).toMatchObject({ status: 'ok', checks: { redis: 'down' } });
  expect(replica.fields).toContainEqual({ redis: { at: 'connection', reason: 'forbidden', code: 'WRONGPASS' } });
  expect(await health(await startReplica({ url, keyPrefix }))).toMatchObject({ checks: { redis: 'ok' } });
});
