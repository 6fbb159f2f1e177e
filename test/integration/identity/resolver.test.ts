/** The resolver with a real HTTP server, without Redis. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Credential } from '../../../src/core/credential/credential.ts';
import { brokenMoods } from '../../support/fake-auth-api.ts';
import { bearer, keyPair } from '../../unit/identity/samples.ts';
import { makeResolver } from '../../unit/identity/test-resolver.ts';
import { type ResolverWorld, startResolverWorld } from './resolver-world.ts';

const any = Number.POSITIVE_INFINITY;
let api: ResolverWorld['api'];
let clock: ResolverWorld['clock'];
let resolver: ResolverWorld['resolver'];

beforeEach(async () => {
  ({ api, clock, resolver } = await startResolverWorld());
});

describe('a verdict in memory', () => {
  it.each<[string, Credential]>([
    ['bearer', bearer()],
    ['key pair', keyPair()],
    ['rejected bearer', bearer('unknown')],
  ])('is returned at once, without a promise: %s', async (_, credential) => {
    const { resolve } = resolver();
    const cold = resolve(credential, any);
    expect(cold).toBeInstanceOf(Promise);
    expect(await cold).toMatchObject({ source: 'auth-api' });

    const warm = resolve(credential, any);
    expect(warm).not.toBeInstanceOf(Promise);
    expect(warm).toMatchObject({ source: 'memory', reason: (await cold).reason });
    expect((await warm).identity).toEqual((await cold).identity);
    expect(resolve(credential, any)).toBe(warm);
    expect(api.calls.session + api.calls.keypair).toBe(1);
  });

  it('of a wrong secret never blocks the right one', async () => {
    const { resolve } = resolver();
    expect(await resolve(keyPair(keyPair().apiKey, 'wrong'), any)).toMatchObject({ reason: 'credential_rejected' });
    expect(await resolve(keyPair(), any)).toMatchObject({ reason: null });
    expect(resolve(keyPair(keyPair().apiKey, 'wrong'), any)).toMatchObject({ reason: 'credential_rejected' });
  });

  it('is found under names of object properties like under any other', async () => {
    const { resolve } = resolver();
    for (const token of ['__proto__', 'constructor', 'toString']) {
      expect(await resolve(bearer(token), any)).toMatchObject({ reason: 'credential_rejected', source: 'auth-api' });
    }
  });

  it.each<[string, Credential, number]>([
    ['accepted', bearer(), 30_000],
    ['rejected', bearer('unknown'), 5_000],
  ])('ends with its life: %s', async (_, credential, lifeMs) => {
    const { resolve } = resolver();
    await resolve(credential, any);
    clock.nowMs += lifeMs - 1;
    expect(resolve(credential, any)).toMatchObject({ source: 'memory' });
    clock.nowMs += 1;
    expect(await resolve(credential, any)).toMatchObject({ source: 'auth-api' });
    expect(api.calls.session).toBe(2);
  });

  it('ends with its credential, if that is sooner', async () => {
    clock.nowMs = Math.floor(clock.nowMs / 1000) * 1000;
    api.addSession('short', { expireAt: clock.nowMs / 1000 + 3 });
    const { resolve } = resolver();
    expect(await resolve(bearer('short'), any)).toMatchObject({ reason: null });
    clock.nowMs += 2_999;
    expect(resolve(bearer('short'), any)).toMatchObject({ reason: null, source: 'memory' });
    clock.nowMs += 1;
    expect(await resolve(bearer('short'), any)).toMatchObject({ reason: 'credential_rejected', source: 'auth-api' });
  });

  it('reflects a revocation when its life ends', async () => {
    const { resolve } = resolver();
    await resolve(bearer(), any);
    api.remove(bearer().token);
    clock.nowMs += 30_000;
    expect(await resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
    expect(resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected', source: 'memory' });
  });
});

describe('the oldest verdict that a route accepts', () => {
  it('is measured from the start of the look-up, not from its end', async () => {
    const { resolve } = resolver();
    await api.behave({ kind: 'slow' });
    const first = resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    clock.nowMs += 1_000;
    await api.behave({ kind: 'fine' });
    await first;
    expect(resolve(bearer(), 1_000)).toMatchObject({ source: 'memory' });
    clock.nowMs += 1;
    expect(await resolve(bearer(), 1_000)).toMatchObject({ source: 'auth-api' });
  });

  it('applies to rejections too', async () => {
    const { resolve } = resolver();
    await resolve(bearer('later'), any);
    api.addSession('later');
    clock.nowMs += 10;
    expect(resolve(bearer('later'), any)).toMatchObject({ reason: 'credential_rejected' });
    expect(await resolve(bearer('later'), 5)).toMatchObject({ reason: null });
    expect(resolve(bearer('later'), any)).toMatchObject({ reason: null, source: 'memory' });
  });

  it('is not satisfied by a flight that started earlier', async () => {
    const { resolve } = resolver();
    await api.behave({ kind: 'slow' });
    const first = resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    clock.nowMs += 100;
    const strict = [resolve(bearer(), 50), resolve(bearer(), 50)];
    const lenient = resolve(bearer(), 200);
    await api.behave({ kind: 'fine' });
    expect(await first).toMatchObject({ reason: null });
    expect(await lenient).toMatchObject({ reason: null });
    for (const result of strict) expect(await result).toMatchObject({ reason: null, source: 'auth-api' });
    expect(api.calls.session).toBe(2);
  });

  it.each([0, Number.NaN, -1])('can be %d: every request causes a call', async (maxVerdictAgeMs) => {
    const { resolve } = resolver();
    for (let index = 0; index < 3; index += 1) {
      clock.nowMs += 1;
      expect(await resolve(bearer(), maxVerdictAgeMs)).toMatchObject({ source: 'auth-api' });
    }
    expect(api.calls.session).toBe(3);
  });
});

describe('a single flight', () => {
  it('serves exactly those who wait for its credential', async () => {
    const { resolve, stats } = resolver();
    await api.behave({ kind: 'slow' });
    const right = Array.from({ length: 50 }, () => resolve(keyPair(), any));
    const wrong = Array.from({ length: 50 }, () => resolve(keyPair(keyPair().apiKey, 'wrong'), any));
    await vi.waitFor(() => expect(api.waiting()).toBe(2));
    expect(stats()).toMatchObject({ accepted: 0, rejected: 0, flights: 2 });
    await api.behave({ kind: 'fine' });
    for (const result of await Promise.all(right)) expect(result.reason).toBeNull();
    for (const result of await Promise.all(wrong)) expect(result.reason).toBe('credential_rejected');
    expect(api.calls.keypair).toBe(2);
    expect(stats()).toMatchObject({ accepted: 1, rejected: 1, flights: 0 });
  });

  it('that fails ends for its waiters, and is not cached', async () => {
    const { resolve, stats } = resolver();
    await api.behave({ kind: 'slow' });
    const waiting = [resolve(bearer(), any), resolve(bearer(), any)];
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    await api.behave(brokenMoods.error);
    for (const result of await Promise.all(waiting)) expect(result).toMatchObject({ reason: 'auth_unavailable' });
    expect(stats()).toMatchObject({ accepted: 0, rejected: 0, flights: 0 });
    await api.behave({ kind: 'fine' });
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
  });
});

describe('bounds', () => {
  it('refuse a look-up that may neither run nor wait', async () => {
    const { resolve } = resolver({}, { concurrency: 1 });
    await api.behave({ kind: 'slow' });
    const waiting = [resolve(bearer('1'), any), resolve(bearer('2'), any)];
    expect(await resolve(bearer('3'), any)).toMatchObject({ identity: null, reason: 'auth_busy', source: 'none' });
    await api.behave({ kind: 'fine' });
    for (const result of await Promise.all(waiting)) expect(result.reason).toBe('credential_rejected');
  });

  it('limit memory to the configured entries', async () => {
    const { resolve, stats } = resolver({ maxRejected: 5, maxAccepted: 1 });
    await resolve(bearer(), any);
    for (let index = 0; index < 20; index += 1) await resolve(bearer(`made-up-${index}`), any);
    expect(stats()).toMatchObject({ accepted: 1, rejected: 5, flights: 0 });
    expect(resolve(bearer(), any)).toMatchObject({ reason: null, source: 'memory' });
  });
});

describe('close', () => {
  it('ends look-ups in flight, and none starts after it', async () => {
    const { resolve, close } = makeResolver(api.url, clock);
    await api.behave({ kind: 'slow' });
    const waiting = resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    await close();
    expect(await waiting).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(api.calls.session).toBe(1);
  });
});

describe('sourceStatus', () => {
  it('reports whether the Auth API is reachable', async () => {
    const { sourceStatus } = resolver();
    expect(await sourceStatus()).toMatchObject([{ name: 'authApi', reachable: true }]);
    await api.behave({ kind: 'down' });
    clock.nowMs += 1_000;
    expect(await sourceStatus()).toMatchObject([{ name: 'authApi', reachable: false }]);
  });
});
