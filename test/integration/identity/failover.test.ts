/**
 * Several URLs of the Auth API: which one is called when, within one deadline, and never a rejection without a result.
 */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AuthApiSourceConfig } from '../../../src/config/source-config.ts';
import { type AuthApiMood, brokenMoods, type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { bearer, keyPair } from '../../unit/identity/samples.ts';
import { makeResolver, type TestResolver } from '../../unit/identity/test-resolver.ts';

const any = Number.POSITIVE_INFINITY;
let first: FakeAuthApi;
let second: FakeAuthApi;

beforeEach(async () => {
  [first, second] = [await startFakeAuthApi(), await startFakeAuthApi()];
  for (const api of [first, second]) {
    onTestFinished(api.close);
    api.addSession(bearer().token);
    api.addKeyPair(keyPair().apiKey, keyPair().apiSecret);
  }
});

function resolver(authApi: Partial<AuthApiSourceConfig> = {}): TestResolver {
  const made = makeResolver([first.url, second.url], { nowMs: Date.now() }, { acceptedMs: 0, rejectedMs: 0 }, authApi);
  onTestFinished(made.close);
  return made;
}

describe('the first URL', () => {
  it('is the only one called while it responds, with either result', async () => {
    const { resolve, events } = resolver();
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    expect(await resolve(bearer('unknown'), any)).toMatchObject({ reason: 'credential_rejected' });
    expect([first.calls.session, second.calls.session]).toEqual([2, 0]);
    expect(events.lines).not.toContain('failover 1');
  });

  it.each<[string, AuthApiMood]>([
    ['down', { kind: 'down' }],
    ['an error', brokenMoods.error],
    ['a redirect', brokenMoods.redirect],
    ['garbage', brokenMoods.garbage],
    ['HTML', brokenMoods.html],
    ['too much', brokenMoods.huge],
    ['busy', { kind: 'answers', status: 503, headers: { 'retry-after': '9' } }],
  ])('is replaced by the next when it fails: %s', async (_, mood) => {
    await first.behave(mood);
    const { resolve, events } = resolver();
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null, source: 'auth-api' });
    expect(await resolve(keyPair(), any)).toMatchObject({ reason: null, source: 'auth-api' });
    expect(await resolve(bearer('unknown'), any)).toMatchObject({ reason: 'credential_rejected' });
    expect(events.lines.filter((line) => line === 'failover 1')).toHaveLength(3);
  });

  it('leaves the next one time when it is silent', async () => {
    await first.behave({ kind: 'slow' });
    const { resolve } = resolver({ timeoutMs: 3_000 });
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    expect(second.calls.session).toBe(1);
  });

  it('is not bypassed when it requests fewer calls', async () => {
    await first.behave({ kind: 'answers', status: 429, headers: { 'retry-after': '7' } });
    const { resolve } = resolver();
    expect(await resolve(bearer(), any)).toMatchObject({ reason: 'auth_throttled', retryAfterS: 7 });
    expect(second.calls.session).toBe(0);
  });

  it('has its own circuit breaker, and is called again when that allows it', async () => {
    await first.behave(brokenMoods.error);
    const { resolve, events } = resolver({ breaker: { failures: 2, openMs: 300 } });
    for (let index = 0; index < 2; index += 1) await resolve(bearer(), any);
    expect(events.lines).toContain('breaker 0 open');
    expect(events.lines.some((line) => line.startsWith('breaker 1'))).toBe(false);
    const before = first.calls.session;
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    expect(first.calls.session).toBe(before);
    await first.behave({ kind: 'fine' });
    await vi.waitFor(async () => {
      expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
      expect(events.lines).toContain('breaker 0 closed');
    });
  });
});

describe('an outage of all', () => {
  it.each<[string, AuthApiMood, AuthApiMood, string]>([
    ['both down', { kind: 'down' }, { kind: 'down' }, 'auth_unavailable'],
    ['one down, one with errors', { kind: 'down' }, brokenMoods.error, 'auth_unavailable'],
    ['errors and garbage', brokenMoods.error, brokenMoods.garbage, 'auth_response_invalid'],
    ['both silent', { kind: 'slow' }, { kind: 'slow' }, 'auth_timeout'],
  ])('is never a rejection, and takes one deadline: %s', async (_, one, two, reason) => {
    await first.behave(one);
    await second.behave(two);
    const { resolve } = resolver({ timeoutMs: 400 });
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason });
  });

  it('is reported without a call once every breaker is open', async () => {
    await first.behave(brokenMoods.error);
    await second.behave(brokenMoods.error);
    const { resolve } = resolver({ breaker: { failures: 1, openMs: 60_000 } });
    await resolve(bearer(), any);
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_busy' });
    expect([first.calls.session, second.calls.session]).toEqual([1, 1]);
  });
});

it('is ready while one of them is reachable', async () => {
  await first.behave({ kind: 'down' });
  expect(await resolver().sourceStatus()).toMatchObject([{ name: 'authApi', reachable: true }]);
  await second.behave({ kind: 'down' });
  expect(await resolver().sourceStatus()).toMatchObject([{ name: 'authApi', reachable: false }]);
});
