/** The resolver with Redis: shared verdicts, entries written by others, and a Redis that is down. */
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CacheConfig } from '../../../src/config/config.ts';
import { lookupKey } from '../../../src/identity/cache/cache-key.ts';
import { encodeEntry } from '../../../src/identity/cache/redis-entry.ts';
import { entryKey } from '../../../src/identity/cache/redis-keys.ts';
import { verdictOf } from '../../../src/identity/lifetimes.ts';
import { brokenMoods, type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type PrivateRedis, startPrivateRedis, useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { bearer, identity, keyPair } from '../../unit/identity/samples.ts';
import { type Clock, makeResolver, sharedKeys, type TestResolver } from '../../unit/identity/test-resolver.ts';

const any = Number.POSITIVE_INFINITY;
const secret = 'a secret of at least thirty-two characters';
const closing: (() => Promise<void>)[] = [];
let api: FakeAuthApi;
let clock: Clock;

beforeEach(async () => {
  api = await startFakeAuthApi();
  closing.push(api.close);
  api.addSession(bearer().token);
  clock = { nowMs: Date.now() };
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A resolver like that of one replica; `ready` waits for its connection. */
async function replica(url: string, keyPrefix: string, changes: Partial<CacheConfig> = {}): Promise<TestResolver> {
  const made = open(url, keyPrefix, changes);
  await connected(made);
  return made;
}

function open(
  url: string,
  keyPrefix: string,
  changes: Partial<CacheConfig> = {},
  commandTimeoutMs = 5_000,
): TestResolver {
  const made = makeResolver(api.url, clock, { redis: redisConfig(url, keyPrefix, commandTimeoutMs), ...changes });
  closing.push(made.close);
  return made;
}

/** Redis accepts commands. */
async function linked({ events }: TestResolver, times = 1): Promise<void> {
  await vi.waitUntil(() => events.lines.filter((line) => line === 'redis connection ok').length >= times, {
    timeout: 8_000,
  });
}

/** Redis accepts commands, and messages of other replicas arrive. */
async function connected({ events }: TestResolver): Promise<void> {
  await vi.waitUntil(() => events.lines.includes('redis connection ok') && events.lines.includes('connected'), {
    timeout: 10_000,
  });
}

async function written({ events }: TestResolver, count = 1): Promise<void> {
  await vi.waitFor(
    () =>
      expect(
        events.lines.filter((line) => line === 'redis set ok').length,
        events.lines.join('\n'),
      ).toBeGreaterThanOrEqual(count),
    { timeout: 10_000 },
  );
}

async function rawRedis(url: string): Promise<Redis> {
  const redis = new Redis(url);
  closing.push(async () => redis.disconnect());
  return redis;
}

describe('replicas that share Redis', () => {
  it('share an accepted verdict, with its age', async () => {
    const { url, keyPrefix } = await useRedis();
    const [one, two] = [await replica(url, keyPrefix), await replica(url, keyPrefix)];
    const first = await one.resolve(bearer(), any);
    await written(one);
    clock.nowMs += 10_000;
    expect(await two.resolve(bearer(), any)).toEqual({ ...first, source: 'redis' });
    expect(two.resolve(bearer(), any)).toMatchObject({ source: 'memory' });
    expect(api.calls.session).toBe(1);
    clock.nowMs += 20_000;
    expect(await two.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
  });

  it('share a rejection', async () => {
    const { url, keyPrefix } = await useRedis();
    const [one, two] = [await replica(url, keyPrefix), await replica(url, keyPrefix)];
    await one.resolve(keyPair(), any);
    await written(one);
    expect(await two.resolve(keyPair(), any)).toMatchObject({ reason: 'credential_rejected', source: 'redis' });
    expect(api.calls.keypair).toBe(1);
  });

  it('share nothing without the same secret', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix);
    const two = await replica(url, keyPrefix, { secret: `${secret}, another` });
    await one.resolve(bearer(), any);
    await written(one);
    expect(await two.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
  });

  it('measure the age of a shared verdict from the start of the look-up', async () => {
    const { url, keyPrefix } = await useRedis();
    const [one, two] = [await replica(url, keyPrefix), await replica(url, keyPrefix)];
    await one.resolve(bearer(), any);
    await written(one);
    clock.nowMs += 5_000;
    expect(await two.resolve(bearer(), 4_999)).toMatchObject({ source: 'auth-api' });
    await written(two);
    const three = await replica(url, keyPrefix);
    expect(await three.resolve(bearer(), 4_999)).toMatchObject({ source: 'redis' });
    expect(api.calls.session).toBe(2);
  });

  it('give a verdict no longer life than each one allows', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix);
    const hasty = await replica(url, keyPrefix, { acceptedMs: 1_000 });
    await one.resolve(bearer(), any);
    await written(one);
    clock.nowMs += 1_000;
    expect(await hasty.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
  });

  it('do not serve an expired verdict when another replica has its rejection', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix, { staleOnOutageMs: 60_000 });
    const two = await replica(url, keyPrefix);
    await one.resolve(bearer(), any);
    await written(one);
    api.remove(bearer().token);
    clock.nowMs += 30_000;
    await two.resolve(bearer(), any);
    await written(two);
    await api.behave(brokenMoods.error);
    expect(await one.resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected', source: 'redis' });
    clock.nowMs += 5_000;
    expect(await one.resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
  });
});

describe('an identity with many names', () => {
  const names = (count: number, what: string) =>
    Array.from({ length: count }, (_, index) => `${what}-${String(index).padStart(4, '0')}-of-the-north`);

  it('is shared like any other, up to the bound of an entry', async () => {
    const { url, keyPrefix } = await useRedis();
    const [one, two] = [await replica(url, keyPrefix), await replica(url, keyPrefix)];
    api.addSession('many', { roles: names(300, 'role'), groups: names(300, 'group') });
    const first = await one.resolve(bearer('many'), any);
    expect(first.identity?.groups).toHaveLength(300);
    await written(one);
    expect(await two.resolve(bearer('many'), any)).toEqual({ ...first, source: 'redis' });
    expect(api.calls.session).toBe(1);
  });

  it('beyond it is never refused, is cached by each replica separately, and is counted', async () => {
    const { url, keyPrefix } = await useRedis();
    const [one, two] = [await replica(url, keyPrefix), await replica(url, keyPrefix)];
    api.addSession('too many', { roles: names(500, 'role'), groups: names(500, 'group') });
    for (const each of [one, two]) {
      expect(await each.resolve(bearer('too many'), any)).toMatchObject({ reason: null, source: 'auth-api' });
      expect(each.resolve(bearer('too many'), any)).toMatchObject({ reason: null, source: 'memory' });
      await vi.waitFor(() => expect(each.events.lines).toContain('redis set oversize'));
    }
    expect(api.calls.session).toBe(2);
    expect(await (await rawRedis(url)).keys(`${keyPrefix}verdict:*`)).toEqual([]);
  });
});

describe('an entry in Redis', () => {
  it('contains no credential, and expires with the verdict', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix);
    await one.resolve(bearer(), any);
    await one.resolve(keyPair(), any);
    await written(one, 2);
    const redis = await rawRedis(url);
    const names = await redis.keys(`${keyPrefix}verdict:*`);
    expect(names.length).toBe(2);
    for (const name of names) {
      const value = await redis.getBuffer(name);
      for (const part of [bearer().token, keyPair().apiKey, keyPair().apiSecret]) {
        expect(name).not.toContain(part);
        expect(value?.includes(part)).toBe(false);
      }
      const lifeMs = await redis.pttl(name);
      expect(lifeMs).toBeGreaterThan(0);
      expect(lifeMs).toBeLessThanOrEqual(30_000);
    }
  });

  it('is not written when verdicts have no life', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix, { acceptedMs: 0 });
    expect(await one.resolve(bearer(), any)).toMatchObject({ reason: null });
    expect(one.stats()).toMatchObject({ accepted: 0 });
    await one.resolve(bearer('unknown'), any);
    await written(one);
    expect(one.events.lines.filter((line) => line.startsWith('redis set'))).toEqual(['redis set ok']);
    expect(await (await rawRedis(url)).keys(`${keyPrefix}verdict:*`)).toHaveLength(1);
  });

  const keys = () => sharedKeys(api.url);
  const admin = () => verdictOf(identity({ roles: ['admin'] }), clock.nowMs, { acceptedMs: 30_000, rejectedMs: 5_000 });
  const name = (token: string) => lookupKey(bearer(token), keys());

  it('control: is accepted only with its proof', async () => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix);
    // Entries from before the first replica are ignored, because no replica recorded revocations then.
    clock.nowMs += 1_000;
    const entry = encodeEntry(admin(), name('made-up'), keys().entry);
    await (await rawRedis(url)).set(entryKey(keyPrefix, name('made-up')), entry ?? '');
    expect(await one.resolve(bearer('made-up'), any)).toMatchObject({
      source: 'redis',
      identity: { roles: ['admin'] },
    });
  });

  it.each<[string, (redis: Redis, key: string) => Promise<unknown>, string]>([
    [
      'an identity proved under another secret',
      (redis, key) => redis.set(key, encodeEntry(admin(), name('made-up'), sharedKeys(api.url, 'guessed').entry) ?? ''),
      'invalid',
    ],
    [
      'the entry of another credential',
      (redis, key) => redis.set(key, encodeEntry(admin(), name('administrator'), keys().entry) ?? ''),
      'invalid',
    ],
    ['a plain identity', (redis, key) => redis.set(key, JSON.stringify(admin())), 'invalid'],
    ['far too many bytes', (redis, key) => redis.set(key, Buffer.alloc(10_000_000, 1)), 'invalid'],
    ['a list', (redis, key) => redis.rpush(key, 'x'), 'error'],
  ])('is ignored when it is %s', async (_, plant, outcome) => {
    const { url, keyPrefix } = await useRedis();
    const one = await replica(url, keyPrefix);
    clock.nowMs += 1_000;
    await plant(await rawRedis(url), entryKey(keyPrefix, name('made-up')));
    expect(await one.resolve(bearer('made-up'), any)).toMatchObject({
      reason: 'credential_rejected',
      source: 'auth-api',
    });
    expect(one.events.lines).toContain(`redis get ${outcome}`);
  });
});

describe('a Redis that is down', () => {
  async function privateRedis(): Promise<PrivateRedis> {
    const redis = await startPrivateRedis();
    closing.push(redis.dispose);
    return redis;
  }

  it('at start is a miss, and is used once it is available', async () => {
    const redis = await privateRedis();
    await redis.stop();
    const one = open(redis.url, 'test:');
    expect(await one.resolve(bearer(), any)).toMatchObject({ reason: null, source: 'auth-api' });
    expect(one.events.lines).toContain('redis get error');
    await vi.waitFor(() => expect(one.events.lines).toContain('redis connection error'));
    await redis.start();
    await linked(one);
    // Look-ups from before the revocations were read count as revoked, and are not written.
    await vi.waitUntil(() => one.events.lines.includes('caught up started'), { timeout: 8_000 });
    clock.nowMs += 1;
    await one.resolve(bearer('unknown'), any);
    await written(one);
  });

  it('in between is a miss, and is used again when it is back', async () => {
    const redis = await privateRedis();
    const one = await replica(redis.url, 'test:');
    await one.resolve(bearer(), any);
    await written(one);
    await redis.kill();
    expect(await one.resolve(bearer(), any)).toMatchObject({ source: 'memory' });
    expect(await one.resolve(bearer('unknown'), any)).toMatchObject({
      reason: 'credential_rejected',
      source: 'auth-api',
    });
    await redis.start();
    await linked(one, 2);
    // Revocations in between are unknown, so every look-up until then counts as revoked.
    await vi.waitUntil(() => one.events.lines.includes('caught up lost'), { timeout: 8_000 });
    clock.nowMs += 1;
    await one.resolve(bearer('another'), any);
    await written(one, 2);
  });

  it('but keeps its connections costs no more than the timeout of a command', async () => {
    const redis = await privateRedis();
    const one = open(redis.url, 'test:', {}, 50);
    await connected(one);
    await redis.pause();
    expect(await one.resolve(bearer(), any)).toMatchObject({ reason: null, source: 'auth-api' });
    // The silent connection is dropped later, so commands do not accumulate behind it.
    await vi.waitUntil(() => one.events.lines.includes('redis connection error'));
    const failures = one.events.lines.filter((line) => /^redis (?:get|connection) error$/.test(line));
    expect(failures[0]).toBe('redis get error');
    await redis.resume();
    await linked(one, 2);
  });

  it('appears in no output, and neither does its password', async () => {
    const redis = await privateRedis();
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const url = redis.url.replace('redis://', 'redis://:hunter2@');
    const one = open(url, 'test:');
    expect(await one.resolve(bearer(), any)).toMatchObject({ reason: null });
    await redis.stop();
    await vi.waitFor(() => expect(one.events.lines).toContain('redis connection error'));
    const text = JSON.stringify([printed.mock.calls, warned.mock.calls, one.events.lines]);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('127.0.0.1');
  });
});
