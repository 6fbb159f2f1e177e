/** What Redis contains: whatever the cache does there, no credential and no plain digest of one. */
import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PrivateRedis, startPrivateRedis } from '../support/redis.ts';
import { newBearer, newKeyPair, requestOf, type TestCredential, times } from './support/credentials.ts';
import { type Installation, redisCache, startInstallation } from './support/installation.ts';
import { allKeys, contentsOf, type Overheard, overhear } from './support/redis-contents.ts';
import { revocationKinds } from './support/revocation-race.ts';
import { findTraces } from './support/traces-of-credential.ts';

let server: PrivateRedis;
let redis: Redis;
let overheard: Overheard;
let installation: Installation;
const used: TestCredential[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
  redis = new Redis(server.url);
  overheard = await overhear(server.url);
  installation = await startInstallation({
    replicas: times(2, () => redisCache(server.url, 'secrets:', 'accepted: 2s', 'rejected: 30s', 'staleOnOutage: 30s')),
    connections: 40,
  });
}, 120_000);

afterAll(async () => {
  await installation?.close();
  overheard?.stop();
  redis?.disconnect();
  await server?.dispose();
});

/** Sends requests with each credential to both replicas, twice. */
async function use(credentials: readonly TestCredential[]): Promise<number[]> {
  used.push(...credentials);
  const exchanges = await installation.client.closedLoop(credentials.length * 4, 40, (index) => ({
    target: index % 2,
    bytes: requestOf('/user/x', credentials[Math.floor(index / 4)]!),
  }));
  return [...new Set(exchanges.map(({ status }) => status))].sort();
}

describe('after', () => {
  it('valid and invalid credentials of both kinds', async () => {
    const good = times(100, (index) => (index % 2 === 0 ? newBearer() : newKeyPair()));
    await installation.authApi.allow(...good);
    expect(await use(good)).toEqual([200]);
    expect(await use(times(100, (index) => (index % 2 === 0 ? newBearer() : newKeyPair())))).toEqual([401]);
  });

  it('checks with many waiters', async () => {
    const good = times(10, () => newBearer());
    await installation.authApi.allow(...good);
    await installation.authApi.behave('fine', 200);
    expect(await use(good)).toEqual([200]);
    await installation.authApi.behave('fine');
  });

  it.each(revocationKinds)('a revocation by %s', async (_kind, make, revocation) => {
    const credential = make();
    await installation.authApi.allow(credential);
    expect(await use([credential])).toEqual([200]);
    await installation.authApi.forget(credential.credential);
    expect((await installation.replicas[0]!.revoke(revocation(credential))).status).toBe(202);
    expect(await use([credential])).toEqual([401]);
  });

  it('an outage of the Auth API', async () => {
    const good = times(10, () => newBearer());
    await installation.authApi.allow(...good);
    expect(await use(good)).toEqual([200]);
    await installation.authApi.behave('cut');
    expect(await use(good)).toEqual([200]);
    expect(await use([newBearer(), newKeyPair()])).toEqual([503]);
    await installation.authApi.behave('fine');
  });
});

describe('no trace of a credential', () => {
  const credentials = () => used.map(({ credential }) => credential);

  it('in the contents of Redis', async () => {
    expect((await allKeys(redis)).length).toBeGreaterThan(100);
    expect(findTraces(await contentsOf(redis), credentials())).toEqual([]);
  });

  it('in anything that was ever sent to it', () => {
    const bytes = overheard.bytes();
    expect(bytes.length).toBeGreaterThan(50_000);
    expect(findTraces(bytes, credentials())).toEqual([]);
  });

  it.each([
    ['the credential', (text: string) => text],
    ['a piece of it', (text: string) => text.slice(12, 24)],
    ['its SHA-256 as bytes', (text: string) => createHash('sha256').update(text).digest()],
    ['its SHA-256 as hex', (text: string) => createHash('sha256').update(text).digest('hex')],
    ['its SHA-256 as base64url', (text: string) => createHash('sha256').update(text).digest('base64url')],
    ['half of its SHA-256', (text: string) => createHash('sha256').update(text).digest().subarray(0, 16)],
  ] as const)('control: %s would be found', async (_name, plant) => {
    const { credential } = newBearer();
    await redis.hset('planted', 'field', plant(credential));
    expect(findTraces(await contentsOf(redis), [credential])).not.toEqual([]);
    expect(findTraces(overheard.bytes(), [credential])).not.toEqual([]);
    await redis.del('planted');
  });
});
