/** How the client bounds its use of the Auth API: the circuit breaker, the bound on calls, the probe. */
import { describe, expect, it, vi } from 'vitest';
import { type AuthApiMood, brokenMoods } from '../../support/fake-auth-api.ts';
import { bearer } from '../../unit/identity/samples.ts';
import { client, fakeAuthApi, misbehaving, valuesOf } from './asked-auth-api.ts';

describe('the circuit breaker', () => {
  it('opens on failures, fails with auth_busy without a call, and closes when the Auth API is back', async () => {
    const api = await fakeAuthApi();
    const asking = client(api.url, { breaker: { failures: 3, openMs: 30 } });
    await api.behave(brokenMoods.error);
    for (let index = 0; index < 3; index += 1) await asking.check(bearer());
    expect(await asking.check(bearer())).toMatchObject({ identity: null, reason: 'auth_busy' });
    expect(api.calls.session).toBe(3);
    await api.behave({ kind: 'fine' });
    await vi.waitFor(async () => expect((await asking.check(bearer())).identity).not.toBeNull());
    expect(asking.events.lines.filter((line) => line.startsWith('breaker'))).toEqual([
      'breaker 0 open',
      'breaker 0 half_open',
      'breaker 0 closed',
    ]);
  });

  it.each<[string, AuthApiMood]>([
    ['401', { kind: 'answers', status: 401 }],
    ['429', { kind: 'answers', status: 429 }],
    ['400, which a client can provoke', { kind: 'answers', status: 400 }],
    ['an identity that breaks the contract', { kind: 'answers', status: 200, body: '{"userID":7}' }],
  ])('does not open on %s', async (_, mood) => {
    const api = await fakeAuthApi();
    const asking = client(api.url, { breaker: { failures: 1, openMs: 60_000 } });
    await api.behave(mood);
    await asking.check(bearer());
    await api.behave({ kind: 'fine' });
    expect((await asking.check(bearer())).identity).not.toBeNull();
  });
});

describe('the bound on calls', () => {
  it('lets as many calls wait as may run, and fails with auth_busy beyond that', async () => {
    const api = await fakeAuthApi();
    const asking = client(api.url, { concurrency: 2 });
    await api.behave({ kind: 'slow' });
    const checks = ['1', '2', '3', '4'].map((token) => asking.check(bearer(token)));
    expect(await asking.check(bearer('5'))).toMatchObject({ identity: null, reason: 'auth_busy' });
    await vi.waitFor(() => expect(api.waiting()).toBe(2));
    expect(api.calls.session).toBe(2);
    await api.behave({ kind: 'fine' });
    expect((await Promise.all(checks)).map((verdict) => verdict.identity === null && verdict.reason)).toEqual(
      checks.map(() => 'credential_rejected'),
    );
  });

  it('counts the wait for a turn into the deadline', async () => {
    const server = await misbehaving({ kind: 'delays', delayMs: 800 });
    const asking = client(server.origin, { concurrency: 1, timeoutMs: 1_200 });
    const verdicts = await Promise.all([asking.check(bearer('1')), asking.check(bearer('2'))]);
    // The first gets an invalid response; the second has 400 ms left when its turn comes.
    expect(verdicts).toMatchObject([{ reason: 'auth_response_invalid' }, { reason: 'auth_timeout' }]);
  });
});

describe('status', () => {
  it('is true for any HTTP response, without sending a credential', async () => {
    const api = await fakeAuthApi();
    expect((await client(api.url).status()).reachable).toBe(true);
    await api.behave(brokenMoods.error);
    expect((await client(api.url).status()).reachable).toBe(true);
    expect(api.received.flatMap((raw) => valuesOf(raw, 'authorization'))).toEqual([]);
  });

  it('is false for a closed port or a late response', async () => {
    const api = await fakeAuthApi();
    await api.behave({ kind: 'down' });
    expect((await client(api.url).status()).reachable).toBe(false);
    const silent = await misbehaving({ kind: 'never-answers' });
    expect((await client(silent.origin, { timeoutMs: 50 }).status()).reachable).toBe(false);
  });

  it('sends one request for many probes', async () => {
    const api = await fakeAuthApi();
    const asking = client(api.url);
    await Promise.all(Array.from({ length: 50 }, () => asking.status()));
    await asking.status();
    expect(api.received.length).toBe(1);
  });

  it('does not wait for calls', async () => {
    const api = await fakeAuthApi();
    const asking = client(api.url, { concurrency: 1 });
    await api.behave({ kind: 'slow' });
    const checks = [asking.check(bearer('1')), asking.check(bearer('2'))];
    const status = asking.status();
    await vi.waitFor(() => expect(api.waiting()).toBe(2));
    await api.behave({ kind: 'fine' });
    expect((await status).reachable).toBe(true);
    await Promise.all(checks);
  });
});
