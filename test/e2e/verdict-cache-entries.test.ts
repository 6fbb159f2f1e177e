/**
 * Write access to Redis grants no access: entries that were altered, moved to another key, or restored after a
 * revocation are refused and counted, and the Auth API is called instead.
 */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SharedRedis, useRedis } from '../support/redis.ts';
import { newBearer, newKeyPair, requestOf, type TestCredential, times } from './support/credentials.ts';
import { countStatuses } from './support/figures.ts';
import type { Metrics } from './support/gateway-replica.ts';
import { type Installation, patientRedisCache, startInstallation, untilAllHear } from './support/installation.ts';
import { allKeys } from './support/redis-contents.ts';
import { revocationKinds } from './support/revocation-race.ts';

const lifetimes = ['accepted: 10m', 'rejected: 10m', 'whileDisconnected: 10s'];
let shared: SharedRedis;
let redis: Redis;
let installation: Installation;

beforeAll(async () => {
  shared = await useRedis();
  redis = new Redis(shared.url);
  const keys = patientRedisCache(shared.url, shared.keyPrefix, ...lifetimes);
  installation = await startInstallation({ replicas: [keys, keys], connections: 40 });
  await untilAllHear(installation.replicas);
}, 120_000);

afterAll(async () => {
  await installation?.close();
  redis?.disconnect();
});

const statusOf = async (target: number, credential: TestCredential, path = '/user/x') =>
  (await installation.client.send(target, requestOf(path, credential))).status;

/** Entries that a replica read and refused: not authentic, or from before a revocation. */
const refused = (metrics: Metrics) =>
  metrics.sum('rolegate_redis_operations_total', { outcome: 'invalid' }) +
  metrics.sum('rolegate_revoked_verdicts_total', { place: 'redis' });

const refusedAt = async (replica: number) => refused(await installation.replicas[replica]!.metrics());

/** How often each of the two replicas refuses an entry meanwhile; one look-up may read it more than once. */
async function refusedDuring(work: () => Promise<void>): Promise<number[]> {
  const before = [await refusedAt(0), await refusedAt(1)];
  await work();
  return [(await refusedAt(0)) - before[0]!, (await refusedAt(1)) - before[1]!];
}

interface Entry {
  readonly credential: TestCredential;
  readonly key: string;
  readonly bytes: Buffer;
}

/** Makes the first replica look up a new credential, and finds the resulting entry. */
async function makeEntry(credential: TestCredential, known: Set<string>): Promise<Entry> {
  expect(await statusOf(0, credential)).toBe(200);
  const entry = await vi.waitFor(async () => {
    for (const key of await allKeys(redis, shared.keyPrefix)) {
      if (known.has(key)) continue;
      // Other keys are not entries: leases expire, and lists of replicas are not text.
      const bytes = (await redis.type(key)) === 'string' ? await redis.getBuffer(key) : null;
      if (bytes !== null && bytes.length > 64) return { credential, key, bytes };
    }
    throw new Error('no entry was written');
  });
  known.add(entry.key);
  return entry;
}

async function makeEntries(credentials: readonly TestCredential[]): Promise<Entry[]> {
  await installation.authApi.allow(...credentials);
  const known = new Set(await allKeys(redis, shared.keyPrefix));
  const entries: Entry[] = [];
  for (const credential of credentials) entries.push(await makeEntry(credential, known));
  return entries;
}

const put = (key: string, bytes: Buffer) => redis.set(key, bytes, 'PX', 600_000);

describe('an entry', () => {
  const revoked: Entry[] = [];

  it('has fewer than 512 bytes', async () => {
    const [bearer, pair] = await makeEntries([
      newBearer(['user', ...times(8, (index) => `role-${index}`)]),
      newKeyPair(),
    ]);
    expect(bearer!.bytes.length).toBeLessThan(512);
    expect(pair!.bytes.length).toBeLessThan(512);
  });

  it('is used by another replica, without another call', async () => {
    const entries = await makeEntries([newBearer(), newKeyPair()]);
    await installation.authApi.resetCalls();
    const refusals = await refusedDuring(async () => {
      for (const { credential } of entries) expect(await statusOf(1, credential)).toBe(200);
    });
    expect(await installation.authApi.calls()).toEqual([]);
    expect(refusals).toEqual([0, 0]);
  });

  it('altered by one bit at any of its bytes is refused and counted', async () => {
    const [{ bytes: sample } = { bytes: Buffer.alloc(0) }] = await makeEntries([newBearer()]);
    const entries = await makeEntries(times(sample.length, () => newBearer()));
    for (const [index, { key, bytes }] of entries.entries()) {
      const altered = Buffer.from(bytes);
      altered[index % altered.length]! ^= 1 << (index % 8);
      await put(key, altered);
    }
    // They are revoked: a caller that is allowed was allowed by an altered entry.
    await installation.authApi.forget(...entries.map(({ credential }) => credential.credential));
    await installation.authApi.resetCalls();
    const refusals = await refusedDuring(async () => {
      const exchanges = await installation.client.closedLoop(entries.length, 20, (index) => ({
        target: 1,
        bytes: requestOf('/user/x', entries[index]!.credential),
      }));
      expect(countStatuses(exchanges)).toEqual({ 401: entries.length });
    });
    expect((await installation.authApi.callCounts()).size).toBe(entries.length);
    expect(refusals[0]).toBe(0);
    expect(refusals[1]).toBeGreaterThanOrEqual(entries.length);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['one byte', () => Buffer.from([1])],
    ['random bytes of the same length', (bytes) => randomBytes(bytes.length)],
    ['zeros', (bytes) => Buffer.alloc(bytes.length)],
    ['all but the last byte', (bytes) => bytes.subarray(0, -1)],
    ['one extra byte', (bytes) => Buffer.concat([bytes, Buffer.from([0])])],
    ['two copies of itself', (bytes) => Buffer.concat([bytes, bytes])],
    ['a megabyte', () => randomBytes(2 ** 20)],
    ['JSON', () => Buffer.from(JSON.stringify({ userID: 'x', roles: ['admin'], verified: true, expireAt: 4e9 }))],
  ])('replaced by %s is refused and counted', async (_name, replace) => {
    const [entry] = await makeEntries([newBearer()]);
    const { credential, key, bytes } = entry!;
    await put(key, replace(bytes));
    await installation.authApi.forget(credential.credential);
    const refusals = await refusedDuring(async () => expect(await statusOf(1, credential)).toBe(401));
    expect(refusals[0]).toBe(0);
    expect(refusals[1]).toBeGreaterThanOrEqual(1);
  });

  it('that is empty does not count as one', async () => {
    const [entry] = await makeEntries([newBearer()]);
    await put(entry!.key, Buffer.alloc(0));
    await installation.authApi.forget(entry!.credential.credential);
    expect(await statusOf(1, entry!.credential)).toBe(401);
  });

  it('of another Redis type is not an entry, and costs one call', async () => {
    const [entry] = await makeEntries([newBearer()]);
    const { credential, key } = entry!;
    await redis.del(key);
    await redis.hset(key, 'userID', 'x');
    await installation.authApi.resetCalls();
    expect(await statusOf(1, credential)).toBe(200);
    expect(await installation.authApi.callCounts()).toEqual(new Map([[credential.credential, 1]]));
  });

  it('of an administrator under the key of another credential makes no administrator', async () => {
    const [admin, user, pair] = await makeEntries([newBearer(['user', 'admin']), newBearer(), newKeyPair()]);
    await put(user!.key, admin!.bytes);
    await put(pair!.key, admin!.bytes);
    const refusals = await refusedDuring(async () => {
      expect(await statusOf(1, user!.credential, '/admin/x')).toBe(403);
      expect(await statusOf(1, pair!.credential, '/admin/x')).toBe(403);
      expect(await statusOf(1, admin!.credential, '/admin/x')).toBe(200);
    });
    expect(refusals[0]).toBe(0);
    expect(refusals[1]).toBeGreaterThanOrEqual(2);
  });

  it.each(revocationKinds)('restored after a revocation by %s is refused and counted', async (_name, make, revoke) => {
    const [entry] = await makeEntries([make()]);
    const { credential, key, bytes } = entry!;
    expect(await statusOf(1, credential)).toBe(200);
    await installation.authApi.forget(credential.credential);
    expect((await installation.replicas[0]!.revoke(revoke(credential))).status).toBe(202);
    // A replica that is briefly disconnected reads no entry, and so refuses none.
    await untilAllHear(installation.replicas);
    // Each replica makes one call and caches the result; its verdict replaces the restored entry, so it is restored
    // again for the next one.
    const refusals = await refusedDuring(async () => {
      for (const replica of [0, 1]) {
        await put(key, bytes);
        expect(await statusOf(replica, credential)).toBe(401);
      }
    });
    expect(Math.min(...refusals)).toBeGreaterThanOrEqual(1);
    revoked.push(entry!);
  });

  it('restored after its revocation is also refused by a replica that started later', async () => {
    expect(revoked).toHaveLength(revocationKinds.length);
    const late = await installation.join(patientRedisCache(shared.url, shared.keyPrefix, ...lifetimes));
    // Until it is connected to revocations it reads no entry, and refuses none.
    await untilAllHear([late]);
    for (const { credential, key, bytes } of revoked) {
      await put(key, bytes);
      const answer = await fetch(`http://127.0.0.1:${late.port}/user/x`, { headers: headersOf(credential) });
      expect(answer.status).toBe(401);
    }
    expect(refused(await late.metrics())).toBeGreaterThanOrEqual(revoked.length);
  });
});

function headersOf({ kind, credential }: TestCredential): Record<string, string> {
  if (kind === 'bearer') return { authorization: `Bearer ${credential}` };
  const [apiKey = '', apiSecret = ''] = credential.split(':');
  return { 'api-key': apiKey, 'api-secret': apiSecret };
}
