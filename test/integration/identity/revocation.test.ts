/** The resolver during revocations: under a storm of them, and with a clock that is set back. */
import { createServer } from 'node:http';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { lookupKey } from '../../../src/identity/cache/cache-key.ts';
import { leaseKey } from '../../../src/identity/cache/redis-keys.ts';
import { type FakeAuthApi, fakeSessionId, fakeUserId, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { bearer } from '../../unit/identity/samples.ts';
import { type Clock, makeResolver, sharedKeys, type TestResolver } from '../../unit/identity/test-resolver.ts';
import { realClock, startNeighbors } from './replicas.ts';

const any = Number.POSITIVE_INFINITY;
const session = { kind: 'session', id: fakeSessionId } as const;
let api: FakeAuthApi;
let clock: Clock;

beforeEach(async () => {
  api = await startFakeAuthApi();
  onTestFinished(api.close);
  api.addSession(bearer().token);
  clock = { nowMs: Date.now() };
});

function resolver(...settings: Parameters<typeof makeResolver> extends [unknown, Clock, ...infer R] ? R : never) {
  const made = makeResolver(api.url, clock, ...settings);
  onTestFinished(made.close);
  return made;
}

/** An Auth API that rejects, while another user is revoked during each of its calls. */
async function startBusyAuthApi(revoke: () => void): Promise<{ url: string; calls(): number }> {
  let calls = 0;
  const server = createServer((_, response) => {
    calls += 1;
    revoke();
    response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { url: `http://127.0.0.1:${address.port}`, calls: () => calls };
}

describe('a rejected credential during a storm of other revocations', () => {
  const revoked = { kind: 'user', id: 'somebody-else' } as const;

  it('is rejected after one call, and not cached', async () => {
    const busy = await startBusyAuthApi(() => void made.revocations.revoke(revoked, 'admin'));
    const made: TestResolver = makeResolver(busy.url, clock);
    onTestFinished(made.close);
    expect(await made.resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
    expect([busy.calls(), made.stats().rejected]).toEqual([1, 0]);
  });

  it('is looked up once more for later waiters', async () => {
    const late: unknown[] = [];
    const busy = await startBusyAuthApi(() => {
      void made.revocations.revoke(revoked, 'admin');
      if (late.length === 0) late.push(made.resolve(bearer(), any), made.resolve(bearer(), any));
    });
    const made: TestResolver = makeResolver(busy.url, clock);
    onTestFinished(made.close);
    expect(await made.resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
    for (const one of await Promise.all(late)) expect(one).toMatchObject({ reason: 'credential_rejected' });
    expect(busy.calls()).toBe(2);
  });

  it('is not served after its life, once it was rejected', async () => {
    const { resolve, revocations } = resolver({ staleOnOutageMs: 60_000 });
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    clock.nowMs += 31_000;
    api.remove(bearer().token);
    await api.behave({ kind: 'slow' });
    const rejected = resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    void revocations.revoke(revoked, 'admin');
    await api.behave({ kind: 'fine' });
    expect(await rejected).toMatchObject({ reason: 'credential_rejected' });
    await api.behave({ kind: 'down' });
    expect(await resolve(bearer(), any)).toMatchObject({ identity: null });
  });
});

describe('a clock that is set back', () => {
  it('lets no verdict outlive a later revocation', async () => {
    const { resolve, revocations } = resolver();
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    clock.nowMs -= 3_000;
    api.remove(bearer().token);
    expect(await revocations.revoke(session, 'admin')).toBe('delivered');
    expect(await resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
  });

  it('does not lock out a user revoked before', async () => {
    const { resolve, revocations } = resolver();
    await revocations.revoke({ kind: 'user', id: fakeUserId }, 'admin');
    clock.nowMs -= 3_600_000;
    await revocations.revoke({ kind: 'user', id: fakeUserId }, 'admin');
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    expect(api.calls.session).toBe(1);
    expect(await resolve(bearer('unknown'), any)).toMatchObject({ reason: 'credential_rejected' });
    expect(api.calls.session).toBe(2);
  });

  it('restores no verdict once the clock has caught up', async () => {
    clock.steadyMs = 0;
    const made = resolver();
    const beganMs = clock.nowMs;
    expect(await made.resolve(bearer(), any)).toMatchObject({ reason: null });
    api.remove(bearer().token);
    // Noticed by the timer that drops expired verdicts.
    await vi.waitUntil(() => {
      clock.nowMs = beganMs - 1_200_000;
      return made.stats().accepted === 0;
    });
    clock.nowMs = beganMs + 1_000;
    clock.steadyMs = 1_201_000;
    expect(await made.resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
  });

  it('lets a later rejection replace an acceptance', async () => {
    const { resolve } = resolver();
    expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
    clock.nowMs -= 3_000;
    api.remove(bearer().token);
    // As a route without older verdicts would.
    expect(await resolve(bearer(), -4_000)).toMatchObject({ reason: 'credential_rejected' });
    expect(await resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
  });
});

describe('with Redis', () => {
  it('a disconnected replica ignores verdicts of one whose clock is ahead, for longer', async () => {
    const ahead = { nowMs: Date.now() + 4_000 };
    const neighbors = await startNeighbors(api.url, ahead);
    const other = await neighbors.replica();
    expect(await other.resolve(bearer(), any)).toMatchObject({ source: 'auth-api' });
    await vi.waitFor(
      async () => expect(await neighbors.redis.keys(`${neighbors.keyPrefix}verdict:*`)).toHaveLength(1),
      { timeout: 10_000 },
    );
    // May read everything, and subscribe to nothing.
    const user = `deaf-${neighbors.keyPrefix.replaceAll(/[^a-z0-9]/gi, '')}`;
    await neighbors.redis.acl('SETUSER', user, 'on', '>deaf', '~*', 'resetchannels', '+@all');
    onTestFinished(async () => void (await neighbors.redis.acl('DELUSER', user)));
    const { host = '', port = 0 } = neighbors.redis.options;
    const redis = {
      ...redisConfig(`redis://${host}:${port}`, neighbors.keyPrefix),
      username: user,
      password: 'deaf',
    };
    clock.nowMs = Date.now() + 2_000;
    const deaf = resolver({ redis, whileDisconnectedMs: 1_000 });
    await vi.waitUntil(() => deaf.redisConnected());
    api.remove(bearer().token);
    expect(await deaf.resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
  });

  it('waits no longer than its own lease would last, whatever Redis contains', async () => {
    const neighbors = await startNeighbors(api.url, realClock);
    const replica = await neighbors.replica({ authApi: { timeoutMs: 500 }, commandTimeoutMs: 500 });
    const lookup = lookupKey(bearer(), sharedKeys(api.url));
    await neighbors.redis.set(leaseKey(neighbors.keyPrefix, lookup), 'nobody', 'PX', 3_600_000);
    expect(await replica.resolve(bearer(), any)).toMatchObject({ reason: null });
  });
});
