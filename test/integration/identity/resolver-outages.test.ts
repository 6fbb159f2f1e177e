/** The resolver while the Auth API is unavailable: the result is unknown, neither accepted nor rejected. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type AuthApiMood, brokenMoods } from '../../support/fake-auth-api.ts';
import { bearer } from '../../unit/identity/samples.ts';
import { startNeighbors } from './replicas.ts';
import { type ResolverWorld, startResolverWorld } from './resolver-world.ts';

const any = Number.POSITIVE_INFINITY;
let api: ResolverWorld['api'];
let clock: ResolverWorld['clock'];
let resolver: ResolverWorld['resolver'];

beforeEach(async () => {
  ({ api, clock, resolver } = await startResolverWorld());
});

describe('an outage', () => {
  const outages: [string, AuthApiMood, string][] = [
    ['down', { kind: 'down' }, 'auth_unavailable'],
    ['an error', brokenMoods.error, 'auth_unavailable'],
    ['a redirect', brokenMoods.redirect, 'auth_unavailable'],
    ['garbage', brokenMoods.garbage, 'auth_response_invalid'],
    ['HTML', brokenMoods.html, 'auth_response_invalid'],
    ['too much', brokenMoods.huge, 'auth_response_invalid'],
    ['silence', { kind: 'slow' }, 'auth_timeout'],
  ];

  it.each(outages)('is never cached and never a rejection: %s', async (_, mood, reason) => {
    const { resolve, stats } = resolver({}, { timeoutMs: mood.kind === 'slow' ? 50 : 5_000 });
    await api.behave(mood);
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason, retryAfterS: null, source: 'none' });
    expect(await resolve(bearer(), any)).toMatchObject({ reason });
    expect(stats()).toMatchObject({ accepted: 0, rejected: 0 });
  });

  it.each(outages)('allows serving an expired verdict, if configured: %s', async (_, mood) => {
    const { resolve, events } = resolver({ staleOnOutageMs: 60_000 }, { timeoutMs: mood.kind === 'slow' ? 50 : 5_000 });
    const { identity } = await resolve(bearer(), any);
    await api.behave(mood);
    clock.nowMs += 89_999;
    expect(await resolve(bearer(), any)).toEqual({ identity, reason: null, stale: true, source: 'memory' });
    expect(events.lines).toContain('stale');
    clock.nowMs += 1;
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, source: 'none' });
  });

  it('does not allow it by default', async () => {
    const { resolve, events } = resolver();
    await resolve(bearer(), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 30_000;
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(events.lines).not.toContain('stale');
  });

  it('does not allow it after the credential has expired', async () => {
    clock.nowMs = Math.floor(clock.nowMs / 1000) * 1000;
    api.addSession('short', { expireAt: clock.nowMs / 1000 + 40 });
    const { resolve } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer('short'), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 39_999;
    expect(await resolve(bearer('short'), any)).toMatchObject({ reason: null, stale: true });
    clock.nowMs += 1;
    expect(await resolve(bearer('short'), any)).toMatchObject({ reason: 'auth_unavailable' });
  });

  it('does not allow a verdict that was rejected meanwhile', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    api.remove(bearer().token);
    clock.nowMs += 30_000;
    expect(await resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
    await api.behave(brokenMoods.error);
    clock.nowMs += 5_000;
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
  });

  it('does not allow a verdict older than the route accepts', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 40_000;
    expect(await resolve(bearer(), 39_999)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(await resolve(bearer(), 40_000)).toMatchObject({ reason: null, stale: true });
  });

  it('differs from throttling', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    await api.behave({ kind: 'answers', status: 429, headers: { 'retry-after': '7' } });
    clock.nowMs += 30_000;
    expect(await resolve(bearer(), any)).toEqual({
      identity: null,
      reason: 'auth_throttled',
      retryAfterS: 7,
      source: 'none',
    });
  });

  it.each([400, 403, 404, 407, 418])('differs from a refusal that is not a clear rejection (%i)', async (status) => {
    const { resolve, events } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    await api.behave({ kind: 'answers', status, body: '{}' });
    clock.nowMs += 30_000;
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    // It does not restore what another request was served either.
    await api.behave(brokenMoods.error);
    expect(await resolve(bearer(), any)).toMatchObject({ stale: true });
    await api.behave({ kind: 'answers', status, body: '{}' });
    clock.nowMs += 200;
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
    expect(events.lines.filter((line) => line === 'stale')).toHaveLength(1);
  });

  it('ends when the Auth API responds again, with retries a few times per second', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 40_000;
    await resolve(bearer(), any);
    clock.nowMs += 199;
    for (let index = 0; index < 10; index += 1) expect(resolve(bearer(), any)).toMatchObject({ stale: true });
    expect(api.calls.session).toBe(2);
    await api.behave({ kind: 'fine' });
    clock.nowMs += 1;
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null, stale: false, source: 'auth-api' });
  });

  it('ends for all as soon as the Auth API has responded to any request', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 40_000;
    await resolve(bearer(), any);
    await api.behave({ kind: 'fine' });
    await resolve(bearer('somebody else'), any);
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null, stale: false, source: 'auth-api' });
  });

  it('does not affect unexpired verdicts', async () => {
    const { resolve } = resolver();
    await resolve(bearer(), any);
    await api.behave({ kind: 'down' });
    expect(resolve(bearer(), any)).toMatchObject({ reason: null, stale: false, source: 'memory' });
  });

  it('is reported once when serving of expired verdicts starts, and once when it ends', async () => {
    const { resolve, events } = resolver({ staleOnOutageMs: 60_000 });
    await resolve(bearer(), any);
    const lines = () => events.lines.filter((line) => line.startsWith('serving'));
    clock.nowMs += 30_000;
    await api.behave(brokenMoods.error);
    for (let index = 0; index < 3; index += 1) await resolve(bearer(), any);
    expect(lines()).toEqual(['serving stale']);
    await api.behave({ kind: 'fine' });
    clock.nowMs += 200;
    for (let index = 0; index < 3; index += 1) await resolve(bearer(), any);
    expect(lines()).toEqual(['serving stale', 'serving fresh']);
  });

  it('does not allow a revoked verdict', async () => {
    const { resolve, revocations } = resolver({ staleOnOutageMs: 60_000 });
    const { identity } = await resolve(bearer(), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 30_000;
    expect(await resolve(bearer(), any)).toMatchObject({ stale: true });
    await revocations.revoke({ kind: 'user', id: identity?.userId ?? '' }, 'admin');
    clock.nowMs += 1;
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
  });

  it('differs from a crowd: with a responding Auth API, too many calls allow no expired verdict', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 }, { concurrency: 1 });
    await resolve(bearer(), any);
    clock.nowMs += 30_000;
    await api.behave({ kind: 'slow' });
    const crowd = [resolve(bearer('one'), any), resolve(bearer('two'), any)];
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_busy' });
    await api.behave({ kind: 'fine' });
    await Promise.all(crowd);
  });

  it('allows an expired verdict without a call while the circuit breaker is open', async () => {
    const { resolve } = resolver({ staleOnOutageMs: 60_000 }, { breaker: { failures: 1, openMs: 60_000 } });
    await resolve(bearer(), any);
    await api.behave(brokenMoods.error);
    clock.nowMs += 30_000;
    for (let index = 0; index < 3; index += 1) {
      expect(await resolve(bearer(), any)).toMatchObject({ stale: true });
      clock.nowMs += 200;
    }
    expect(api.calls.session).toBe(2);
  });
});

it('a replica that would miss a revocation does not serve expired verdicts during an outage', async () => {
  const neighbors = await startNeighbors(api.url, clock);
  const one = await neighbors.replica({ cache: { staleOnOutageMs: 60_000 } });
  await one.resolve(bearer(), any);
  await api.behave(brokenMoods.error);
  clock.nowMs += 31_000;
  expect(await one.resolve(bearer(), any)).toMatchObject({ stale: true });
  one.revocations.connection.lost();
  expect(await one.resolve(bearer(), any)).toMatchObject({ identity: null, reason: 'auth_unavailable' });
});
