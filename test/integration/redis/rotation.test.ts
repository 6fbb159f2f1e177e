/** A new cache secret: verdicts under the old one are found and written again, without a stampede. */
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CacheConfig } from '../../../src/config/config.ts';
import { deriveCacheKeys, lookupKey, lookupKeys } from '../../../src/identity/cache/cache-key.ts';
import { encodeEntry } from '../../../src/identity/cache/redis-entry.ts';
import { entryKey } from '../../../src/identity/cache/redis-keys.ts';
import { verdictOf } from '../../../src/identity/lifetimes.ts';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { bearer, identity, keyPair } from '../../unit/identity/samples.ts';
import { makeResolver, sharedKeys, type TestResolver } from '../../unit/identity/test-resolver.ts';
import { patience } from './link-support.ts';
import { connectRedis } from './replicas.ts';

const any = Number.POSITIVE_INFINITY;
const [oldest, old, current] = ['oldest', 'older', 'current'].map((age) => `the ${age} secret, of many characters`) as [
  string,
  string,
  string,
];

/** A replica ignores look-ups of others from just after its start, so replicas start some seconds earlier. */
const earlierMs = 6_000;
/** Shorter than that of the replicas. */
const lifeMs = 20_000;
let aheadMs: number;
const clock = {
  get nowMs() {
    return Date.now() + aheadMs;
  },
};

let api: FakeAuthApi;
beforeEach(async () => {
  aheadMs = 0;
  api = await startFakeAuthApi();
  api.addSession(bearer().token);
});
afterEach(() => api.close());

async function replica(keyPrefix: string, url: string, cache: Partial<CacheConfig>): Promise<TestResolver> {
  const made = makeResolver(api.url, clock, {
    redis: redisConfig(url, keyPrefix),
    whileDisconnectedMs: 60_000,
    ...cache,
  });
  onTestFinished(() => made.close());
  await vi.waitFor(() => expect(made.events.lines).toContain('connected'), patience);
  return made;
}

/** Writes a verdict some seconds later, as a replica with this secret would. */
async function plant(url: string, keyPrefix: string, secret: string, roles = ['user']): Promise<void> {
  aheadMs = earlierMs;
  const keys = sharedKeys(api.url, secret);
  const lookup = lookupKey(bearer(), keys);
  const verdict = verdictOf(identity({ roles }), clock.nowMs, { acceptedMs: lifeMs, rejectedMs: 1_000 });
  await connectRedis(url).set(
    entryKey(keyPrefix, lookup),
    encodeEntry(verdict, lookup, keys.entry) ?? '',
    'PX',
    60_000,
  );
}

describe('a new cache secret', () => {
  it.each<[string, readonly string[]]>([
    ['the previous one', [old]],
    ['one of several', [oldest, old]],
  ])('finds verdicts under %s, and writes them again', async (_, previousSecrets) => {
    const { url, keyPrefix } = await useRedis();
    const names = (secret: string) => entryKey(keyPrefix, lookupKey(bearer(), sharedKeys(api.url, secret)));
    const one = await replica(keyPrefix, url, { secret: current, previousSecrets });
    const two = await replica(keyPrefix, url, { secret: current });
    await plant(url, keyPrefix, old, ['reporter']);
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'redis', identity: { roles: ['reporter'] } });
    expect(api.calls.session).toBe(0);
    const raw = connectRedis(url);
    await vi.waitFor(async () => expect(await raw.exists(names(current))).toBe(1), patience);
    // For the rest of its life, without a new one.
    expect(await raw.pttl(names(current))).toBeLessThanOrEqual(lifeMs);
    await raw.del(names(old));
    expect(await two.resolve(bearer(), any)).toMatchObject({ source: 'redis', identity: { roles: ['reporter'] } });
    expect(api.calls.session).toBe(0);
  });

  it('prefers a verdict under the current secret', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(keyPrefix, url, { secret: current, previousSecrets: [old] });
    await plant(url, keyPrefix, old, ['old']);
    await plant(url, keyPrefix, current, ['current']);
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'redis', identity: { roles: ['current'] } });
  });

  it('finds no verdict if the old secret is not listed, and none under an unknown secret', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(keyPrefix, url, { secret: current, previousSecrets: [old] });
    await plant(url, keyPrefix, oldest);
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
    expect(one.events.lines).not.toContain('redis get invalid');
  });

  it('refuses a verdict whose proof and name use different secrets', async () => {
    const { url, keyPrefix } = await useRedis();
    const lookup = lookupKey(bearer(), sharedKeys(api.url, old));
    const one = await replica(keyPrefix, url, { secret: current, previousSecrets: [old] });
    aheadMs = earlierMs;
    const verdict = verdictOf(identity({ roles: ['admin'] }), clock.nowMs, { acceptedMs: lifeMs, rejectedMs: 1_000 });
    const entry = encodeEntry(verdict, lookup, sharedKeys(api.url, current).entry) ?? '';
    await connectRedis(url).set(entryKey(keyPrefix, lookup), entry);
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
    expect(one.events.lines).toContain('redis get invalid');
  });

  it('makes one call for many cold requests on many replicas', async () => {
    const { url, keyPrefix } = await useRedis();
    const cache = { secret: current, previousSecrets: [old] };
    const replicas = await Promise.all([1, 2, 3].map(() => replica(keyPrefix, url, cache)));
    const all = replicas.flatMap((one) => Array.from({ length: 50 }, () => one.resolve(bearer(), any)));
    const reasons = (await Promise.all(all)).map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set([null]));
    expect(api.calls.session).toBe(1);
  });

  it('names a credential under all secrets, the current one first', () => {
    const keys = deriveCacheKeys(current, [old, oldest]);
    for (const credential of [bearer(), keyPair()]) {
      const names = [current, old, oldest].map((secret) => lookupKey(credential, deriveCacheKeys(secret)));
      expect(lookupKeys(credential, keys)).toEqual(names);
      expect(lookupKey(credential, keys)).toBe(names[0]);
    }
  });
});
