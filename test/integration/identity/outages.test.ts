/**
 * An unavailable Auth API, through the running gateway: whatever it does instead of a valid result, a protected request
 * is refused with 503, never with 401, and reaches no service.
 */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AuthApiMood, brokenMoods, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { bearer, but, identity, kinds, type OutageSettings, says, startOutageWorld } from './outage-world.ts';

async function startWorld(settings?: OutageSettings) {
  const world = await startOutageWorld(settings);
  onTestFinished(world.close);
  return world;
}

/** What the Auth API does, and the expected reason in the log. */
const outages: [string, AuthApiMood, string][] = [
  ['down', { kind: 'down' }, 'auth_unavailable'],
  ['slow', { kind: 'slow' }, 'auth_timeout'],
  ['garbage', brokenMoods.garbage, 'auth_response_invalid'],
  ['HTML', brokenMoods.html, 'auth_response_invalid'],
  ['nothing', brokenMoods.empty, 'auth_response_invalid'],
  ['a huge response', brokenMoods.huge, 'auth_response_invalid'],
  ['a valid response that is slightly too large', but({ filler: 'x'.repeat(64 * 1024) }), 'auth_response_invalid'],
  ['500', brokenMoods.error, 'auth_unavailable'],
  ['500 with a valid response', says(500, identity), 'auth_unavailable'],
  ['502', says(502, ''), 'auth_unavailable'],
  ['503', says(503, ''), 'auth_unavailable'],
  ['404', says(404, '{}'), 'auth_unavailable'],
  ['403 with a valid response', says(403, identity), 'auth_unavailable'],
  ['400', says(400, '{}'), 'auth_unavailable'],
  ['407', says(407, '{}'), 'auth_unavailable'],
];

describe.each(kinds)('%s', (_kind, credential) => {
  it.each(outages)('the Auth API returns %s', async (_name, mood, reason) => {
    // A response that is late on a busy machine is still the intended one.
    const world = await startWorld(reason === 'auth_timeout' ? {} : { timeout: '5s' });
    await world.authApi.behave(mood);
    expect(await world.expectOutage(await world.get('/orders/7', credential), 'order')).toBe(reason);
    await world.expectOutage(await world.get('/own', credential), 'own');
    await world.expectOutage(await world.get('/greeting', credential), 'greeting');
    expect(world.upstream.connections).toHaveLength(0);

    expect((await world.get('/open', credential)).status).toBe(200);
    expect((await world.get('/open')).status).toBe(200);
    expect((await world.get('/greeting')).status).toBe(200);
    expect(world.upstream.last().header('user-id')).toEqual([]);
    const nobody = await world.get('/orders/7');
    expect([nobody.status, nobody.headers.get('retry-after')]).toEqual([401, null]);

    await world.authApi.behave({ kind: 'fine' });
    await vi.waitFor(async () => expect((await world.get('/orders/7', credential)).status).toBe(200), {
      timeout: 10_000,
    });
    await world.expectLogged();
    expect(await world.gateway.metrics()).toMatch(
      /^rolegate_auth_api_breaker_state\{source="authApi",url="0",state="closed"\} 1$/m,
    );
  });

  it('a body waiting for the verdict is not forwarded either', async () => {
    const world = await startWorld();
    await world.authApi.behave({ kind: 'slow' });
    const answer = await fetch(`${world.gateway.origin}/orders/7`, {
      method: 'POST',
      headers: credential,
      body: 'x'.repeat(100_000),
    });
    await world.expectOutage(answer, 'order');
    expect(world.upstream.connections).toHaveLength(0);
  });

  it('a cached identity is served until its life ends, and no longer', async () => {
    const lifeMs = 2_000;
    const world = await startWorld({ cache: `{ accepted: ${lifeMs}ms }` });
    const askedAt = Date.now();
    expect((await world.get('/orders/7', credential)).status).toBe(200);
    const knownAt = Date.now();
    await world.authApi.behave({ kind: 'down' });
    const seen: { status: number; sentAt: number; gotAt: number }[] = [];
    await vi.waitFor(
      async () => {
        const sentAt = Date.now();
        const { status } = await world.get('/orders/7', credential);
        seen.push({ status, sentAt, gotAt: Date.now() });
        expect(status).toBe(503);
      },
      { interval: 20 },
    );
    // A life is randomly up to a tenth shorter.
    const early = seen.filter(({ gotAt }) => gotAt < askedAt + 0.9 * lifeMs);
    expect(early.length).toBeGreaterThan(0);
    expect(early.map(({ status }) => status)).toEqual(early.map(() => 200));
    expect(seen.filter(({ status, sentAt }) => status === 200 && sentAt > knownAt + lifeMs)).toEqual([]);
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200, 503]));
  });
});

describe('the breaker', () => {
  it('spares a failing Auth API, and allows requests when it is back', async () => {
    const world = await startWorld({ breaker: '{ failures: 3, open: 400ms }' });
    await world.authApi.behave(brokenMoods.error);
    const reasons: string[] = [];
    for (let i = 0; i < 20; i += 1) reasons.push(await world.expectOutage(await world.get('/own', bearer), 'own'));
    expect(reasons.slice(0, 3)).toEqual(['auth_unavailable', 'auth_unavailable', 'auth_unavailable']);
    expect(reasons[3]).toBe('auth_busy');
    expect(world.authApi.calls.session).toBeLessThan(20);
    await world.authApi.behave({ kind: 'fine' });
    const statuses = new Set<number>();
    await vi.waitFor(
      async () => {
        const { status } = await world.get('/own', bearer);
        statuses.add(status);
        expect(status).toBe(200);
      },
      { timeout: 10_000 },
    );
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    for (const token of ['anns-token', 'nobodys-token']) {
      const { status } = await world.get('/own', { authorization: `Bearer ${token}` });
      expect(status).toBe(token === 'anns-token' ? 200 : 401);
    }
  });

  it('is not opened by clients with bad credentials', async () => {
    const world = await startWorld();
    for (let i = 0; i < 10; i += 1) {
      expect((await world.get('/own', { authorization: `Bearer wrong-${i}` })).status).toBe(401);
    }
    expect((await world.get('/own', bearer)).status).toBe(200);
  });

  it('concurrent requests while the Auth API is slow are each refused in time, and none hangs', async () => {
    const world = await startWorld();
    await world.authApi.behave({ kind: 'slow' });
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => world.get('/own', { authorization: `Bearer token-${i}` })),
    );
    // Together, not one timeout of 150 ms after another.
    expect(performance.now() - startedAt).toBeLessThan((answers.length * 150) / 2);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    expect(answers.filter(({ headers }) => headers.get('retry-after') === null)).toEqual([]);
    expect(world.upstream.connections).toHaveLength(0);
  });
});

describe('readiness', () => {
  it('stays while the Auth API, which all replicas share, is down, and reports it', async () => {
    const world = await startWorld();
    const report = async () => {
      const response = await fetch(`${world.gateway.admin}/health/ready`);
      return [response.status, ((await response.json()) as { checks: { authApi: string } }).checks.authApi];
    };
    expect(await report()).toEqual([200, 'ok']);
    await world.authApi.behave({ kind: 'down' });
    await vi.waitFor(async () => expect(await report()).toEqual([200, 'down']));
    await world.authApi.behave({ kind: 'fine' });
    await vi.waitFor(async () => expect(await report()).toEqual([200, 'ok']));
  });

  it('depends on the Auth API with "readyWithoutSources: false"', async () => {
    const world = await startWorld({ readyWithoutSources: false });
    const ready = async () => (await fetch(`${world.gateway.admin}/health/ready`)).status;
    expect(await ready()).toBe(200);
    await world.authApi.behave({ kind: 'down' });
    await vi.waitFor(async () => expect(await ready()).toBe(503));
    expect((await fetch(`${world.gateway.admin}/health/live`)).status).toBe(200);
    await world.authApi.behave({ kind: 'fine' });
    await vi.waitFor(async () => expect(await ready()).toBe(200));
  });

  it('the gateway starts without its Auth API', async () => {
    const gone = await startFakeAuthApi();
    await gone.behave({ kind: 'down' });
    onTestFinished(gone.close);
    const world = await startWorld({ authApi: new URL(gone.url).origin });
    expect((await fetch(`${world.gateway.admin}/health/ready`)).status).toBe(200);
    await world.expectOutage(await world.get('/orders/7', bearer), 'order');
    gone.addSession('anns-token');
    await gone.behave({ kind: 'fine' });
    await vi.waitFor(async () => expect((await world.get('/orders/7', bearer)).status).toBe(200));
  });
});
