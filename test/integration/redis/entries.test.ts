/** Read access to Redis or the log reveals no credential, and write access to Redis grants no identity. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { FakeAuthApi } from '../../support/fake-auth-api.ts';
import type { RecordingUpstream } from '../../support/recording-upstream.ts';
import { startPrivateRedis, useRedis } from '../../support/redis.ts';
import { bearer, cacheSecret, connectRedis, type Headers, pair, type Replicas, startReplicas } from './replicas.ts';

let authApi: FakeAuthApi;
let upstream: RecordingUpstream;
let replica: Replicas['replica'];
let calls: Replicas['calls'];
beforeEach(async () => {
  ({ authApi, upstream, replica, calls } = await startReplicas());
});

describe('write access to Redis', () => {
  /** Sends a request with a credential and returns the name and value of the resulting entry. */
  async function entryOf(url: string, keyPrefix: string, headers: Headers, secret = cacheSecret) {
    const raw = connectRedis(url);
    const before = new Set(await raw.keys(`${keyPrefix}verdict:*`));
    const gateway = await replica(url, keyPrefix, 'accepted: 1h', secret);
    await gateway.status(headers);
    await gateway.wrote(1);
    const [name, ...more] = (await raw.keys(`${keyPrefix}verdict:*`)).filter((key) => !before.has(key));
    if (name === undefined || more.length > 0) throw new Error('not one entry');
    const value = await raw.getBuffer(name);
    if (value === null) throw new Error('no value');
    return { raw, name, value };
  }

  it('control: an unchanged entry is accepted', async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('anns', { roles: ['admin'] });
    const { raw, name, value } = await entryOf(url, keyPrefix, bearer('anns'));
    authApi.remove('anns');
    await raw.set(name, value);
    const gateway = await replica(url, keyPrefix);
    expect(await gateway.status(bearer('anns'), '/admin')).toBe(200);
    expect(calls()).toBe(1);
  });

  it('gives no identity by changing one byte of an entry, wherever', async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('anns', { roles: ['admin'] });
    const { raw, name, value } = await entryOf(url, keyPrefix, bearer('anns'));
    authApi.remove('anns');
    // Nothing stays in memory for long, so the gateway reads every change.
    const gateway = await replica(url, keyPrefix, 'accepted: 1h, rejected: 0s');
    for (let at = 0; at < value.length; at += 1) {
      const changed = Buffer.from(value);
      changed[at]! ^= 1;
      await raw.set(name, changed);
      expect([at, await gateway.status(bearer('anns'), '/admin')]).toEqual([at, 401]);
    }
    expect(await gateway.metrics()).toMatch(
      /^rolegate_redis_operations_total\{operation="get",outcome="invalid"\} \d+$/m,
    );
    expect(await gateway.metrics()).toMatch(
      /^rolegate_redis_command_duration_seconds_count\{outcome="ok"\} [1-9]\d*$/m,
    );
  });

  it.each([
    ['cut', (value: Buffer) => value.subarray(0, -1)],
    ['longer', (value: Buffer) => Buffer.concat([value, Buffer.from(' ')])],
    ['empty', () => Buffer.alloc(0)],
    ['a plain identity', () => Buffer.from('{"userId":"root","roles":["admin"],"expireAt":99999999999}')],
    ['huge', () => Buffer.alloc(4 * 1024 * 1024, 'x')],
  ])('gives no identity by an entry that is %s', async (_name, change) => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('anns', { roles: ['admin'] });
    const { raw, name, value } = await entryOf(url, keyPrefix, bearer('anns'));
    authApi.remove('anns');
    await raw.set(name, change(value));
    const gateway = await replica(url, keyPrefix);
    expect(await gateway.status(bearer('anns'), '/admin')).toBe(401);
    expect(upstream.requests.filter(({ target }) => target === '/admin')).toHaveLength(0);
  });

  it('gives no other identity by moving an entry of another credential', async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('roots', { roles: ['admin'] });
    authApi.addSession('anns', { roles: ['user'] });
    const root = await entryOf(url, keyPrefix, bearer('roots'));
    const ann = await entryOf(url, keyPrefix, bearer('anns'));
    await ann.raw.set(ann.name, root.value);
    const gateway = await replica(url, keyPrefix);
    expect(await gateway.status(bearer('anns'), '/admin')).toBe(403);
    expect(await gateway.status(bearer('anns'))).toBe(200);
  });

  it('cannot use an entry made under another secret', async () => {
    const { url, keyPrefix } = await useRedis();
    authApi.addSession('anns', { roles: ['admin'] });
    const own = await entryOf(url, keyPrefix, bearer('anns'));
    const foreign = await entryOf(url, keyPrefix, bearer('anns'), `${cacheSecret}, another one`);
    expect(foreign.name).not.toBe(own.name);
    authApi.remove('anns');
    await own.raw.set(own.name, foreign.value);
    const gateway = await replica(url, keyPrefix);
    expect(await gateway.status(bearer('anns'), '/admin')).toBe(401);
  });

  it('cannot prolong an entry by restoring it without an expiry', async () => {
    const { url, keyPrefix } = await useRedis();
    const endS = Math.floor(Date.now() / 1000) + 2;
    authApi.addSession('anns', { expireAt: endS });
    const { raw, name, value } = await entryOf(url, keyPrefix, bearer('anns'));
    authApi.remove('anns');
    await raw.set(name, value);
    const gateway = await replica(url, keyPrefix, 'accepted: 1h');
    expect(await gateway.status(bearer('anns'))).toBe(200);
    await vi.waitUntil(() => Date.now() >= endS * 1000);
    expect(await gateway.status(bearer('anns'))).toBe(401);
    await raw.set(name, value);
    const fresh = await replica(url, keyPrefix, 'accepted: 1h');
    expect(await fresh.status(bearer('anns'))).toBe(401);
  });
});

describe('read access to Redis, or to the log', () => {
  it('finds no credential and no plain digest of one', async () => {
    const redis = await startPrivateRedis();
    onTestFinished(redis.dispose);
    authApi.addSession('the-readable-token');
    authApi.addKeyPair(pair['api-key'], pair['api-secret']);
    const gateway = await replica(redis.url, 'p:', 'rejected: 1h');
    expect(await gateway.status(bearer('the-readable-token'))).toBe(200);
    expect(await gateway.status(pair)).toBe(200);
    expect(await gateway.status(bearer('the-unknown-token'))).toBe(401);
    expect(await gateway.status({ ...pair, 'api-secret': 'the-wrong-secret' })).toBe(401);
    await gateway.wrote(4);
    const raw = connectRedis(redis.url);
    expect(await raw.keys('p:verdict:*')).toHaveLength(4);
    // Whatever Redis contains, of any type; a compressed dump would hide its contents.
    await raw.config('SET', 'rdbcompression', 'no');
    const names = await raw.keys('*');
    const values = await Promise.all(names.map((name) => raw.dumpBuffer(name)));
    const stored = Buffer.concat([Buffer.from(names.join('\n')), ...values.map((value) => value ?? Buffer.alloc(0))]);
    expect(stored.includes(Buffer.from('p:'))).toBe(true);
    await gateway.close();
    for (const text of ['the-readable-token', 'the-unknown-token', ...Object.values(pair), 'the-wrong-secret']) {
      for (const [form, bytes] of formsOf(text)) {
        expect([form, stored.includes(bytes)]).toEqual([form, false]);
        expect([form, gateway.logText().includes(bytes.toString('latin1'))]).toEqual([form, false]);
      }
    }
    expect(gateway.logText()).toContain('"msg":"request"');
  });

  it('control: finds these forms if present', () => {
    for (const [form, bytes] of formsOf('text')) {
      expect([form, Buffer.from(`<${bytes.toString('latin1')}>`, 'latin1').includes(bytes)]).toEqual([form, true]);
    }
  });
});

/** The forms of a text to search for: itself, encoded, and its plain digests. */
function formsOf(text: string): [string, Buffer][] {
  const bytes = Buffer.from(text);
  const digests = ['sha1', 'sha256', 'sha512', 'md5'].map((name) => [name, createHash(name).update(text).digest()]);
  const raw = [['itself', bytes], ...digests] as [string, Buffer][];
  return raw.flatMap(([name, value]): [string, Buffer][] => [
    [`${text}: ${name}`, value],
    [`${text}: ${name} in hex`, Buffer.from(value.toString('hex'))],
    [`${text}: ${name} in base64`, Buffer.from(value.toString('base64').replace(/=+$/, ''))],
    [`${text}: ${name} in base64url`, Buffer.from(value.toString('base64url'))],
  ]);
}
