/** A single flight across replicas: which one calls, which ones wait, and what happens to the waiters when it fails. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { lookupKey } from '../../../src/identity/cache/cache-key.ts';
import { leaseKey } from '../../../src/identity/cache/redis-keys.ts';
import { brokenMoods, type FakeAuthApi, fakeSessionId, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { bearer, keyPair } from '../../unit/identity/samples.ts';
import { sharedKeys, type TestResolver } from '../../unit/identity/test-resolver.ts';
import { count, type Neighbors, type ReplicaSettings, realClock, startNeighbors } from './replicas.ts';

const any = Number.POSITIVE_INFINITY;
let api: FakeAuthApi;
let neighbors: Neighbors;

beforeEach(async () => {
  api = await startFakeAuthApi();
  onTestFinished(api.close);
  api.addSession(bearer().token);
  neighbors = await startNeighbors(api.url, realClock);
});

async function three(settings: ReplicaSettings = {}): Promise<TestResolver[]> {
  return [await neighbors.replica(settings), await neighbors.replica(settings), await neighbors.replica(settings)];
}

/** Resolves when so many replicas wait for the calling one. */
async function waiting(replicas: number): Promise<void> {
  await vi.waitFor(
    async () => {
      const [name = ''] = await neighbors.redis.keys(`${neighbors.keyPrefix}waiters:*`);
      expect(await neighbors.redis.scard(name)).toBe(replicas);
    },
    { timeout: 10_000 },
  );
}

function lease(): string {
  return leaseKey(neighbors.keyPrefix, lookupKey(bearer(), sharedKeys(api.url)));
}

describe('a single flight for all replicas', () => {
  it('calls once for 300 concurrent requests', async () => {
    const replicas = await three();
    await api.behave({ kind: 'slow' });
    const results = Array.from({ length: 300 }, (_, index) => replicas[index % 3]?.resolve(bearer(), any));
    await waiting(2);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    await api.behave({ kind: 'fine' });
    for (const result of await Promise.all(results)) expect(result).toMatchObject({ reason: null, stale: false });
    expect(api.calls.session).toBe(1);
    expect(count(replicas, 'flight led')).toBe(1);
    expect(count(replicas, 'flight pushed')).toBe(2);
    for (const { resolve } of replicas) expect(resolve(bearer(), any)).toMatchObject({ source: 'memory' });
  });

  it('calls once, however they race', async () => {
    const replicas = await three();
    for (let round = 0; round < 30; round += 1) {
      const token = `race-${round}`;
      api.addSession(token);
      const results = Array.from({ length: 60 }, (_, index) => replicas[index % 3]?.resolve(bearer(token), any));
      for (const result of await Promise.all(results)) expect(result).toMatchObject({ reason: null });
      expect(api.calls.session).toBe(round + 1);
    }
  });

  it('shares a rejection in the same way', async () => {
    const replicas = await three();
    await api.behave({ kind: 'slow' });
    const results = replicas.map(({ resolve }) => resolve(keyPair(), any));
    await waiting(2);
    await api.behave({ kind: 'fine' });
    for (const result of await Promise.all(results)) expect(result).toMatchObject({ reason: 'credential_rejected' });
    expect(api.calls.keypair).toBe(1);
  });

  it('leaves only the verdict in Redis', async () => {
    const [one] = await three();
    await one?.resolve(bearer(), any);
    await vi.waitFor(async () => {
      const names = await neighbors.redis.keys(`${neighbors.keyPrefix}*`);
      expect(names.map((name) => name.slice(neighbors.keyPrefix.length).split(':')[0]).sort()).toEqual([
        'verdict',
        '{revocations}',
        '{revocations}',
        '{revocations}',
      ]);
    });
  });
});

describe('waiters', () => {
  it('call themselves when the calling replica got no verdict', async () => {
    const replicas = await three();
    await api.behave({ kind: 'slow' });
    const results = replicas.map(({ resolve }) => resolve(bearer(), any));
    await waiting(2);
    await api.behave(brokenMoods.error);
    for (const result of await Promise.all(results)) expect(result).toMatchObject({ reason: 'auth_unavailable' });
    expect(count(replicas, 'flight failed')).toBe(2);
    expect(api.calls.session).toBe(3);
    await api.behave({ kind: 'fine' });
    for (const { resolve } of replicas) expect(await resolve(bearer(), any)).toMatchObject({ reason: null });
  });

  it('wait to the end of the lease of a dead replica, and no longer', async () => {
    const [one] = await three();
    await neighbors.redis.set(lease(), 'a replica that died:1', 'PX', 400);
    const startedAtMs = performance.now();
    expect(await one?.resolve(bearer(), any)).toMatchObject({ reason: null, source: 'auth-api' });
    expect(performance.now() - startedAtMs).toBeGreaterThan(300);
    expect(one?.events.lines).toContain('flight late');
  });

  it('do so too for one that ends during its call', async () => {
    const [one, two] = await three({ authApi: { timeoutMs: 1_500 }, commandTimeoutMs: 200 });
    await api.behave({ kind: 'slow' });
    const first = one?.resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    const second = two?.resolve(bearer(), any);
    await waiting(1);
    await one?.close();
    expect(await first).toMatchObject({ reason: 'auth_unavailable' });
    await api.behave({ kind: 'fine' });
    expect(await second).toMatchObject({ reason: null, source: 'auth-api' });
  });

  it('do not start to wait while disconnected from results', async () => {
    const [one, two] = await three();
    await api.behave({ kind: 'slow' });
    const first = one?.resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    two?.revocations.connection.lost();
    const second = two?.resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(2));
    await api.behave({ kind: 'fine' });
    expect(await first).toMatchObject({ reason: null });
    expect(await second).toMatchObject({ reason: null });
    expect(two?.events.lines).toContain('flight alone');
  });

  it('stop waiting when they are disconnected', async () => {
    const [one, two] = await three();
    await api.behave({ kind: 'slow' });
    const first = one?.resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    const second = two?.resolve(bearer(), any);
    await waiting(1);
    two?.revocations.connection.lost();
    await vi.waitFor(() => expect(api.waiting()).toBe(2));
    await api.behave({ kind: 'fine' });
    expect(await Promise.all([first, second])).toMatchObject([{ reason: null }, { reason: null }]);
    expect(two?.events.lines).toContain('flight disconnected');
  });
});

describe('a verdict too old for a route', () => {
  it('is looked up again by one replica for all', async () => {
    const replicas = await three();
    for (const { resolve } of replicas) await resolve(bearer(), any);
    expect(api.calls.session).toBe(1);
    const askedAtMs = Date.now();
    await vi.waitUntil(() => Date.now() > askedAtMs + 20);
    await api.behave({ kind: 'slow' });
    // Any verdict newer than the arrival of the first request satisfies each.
    const results = replicas.map(({ resolve }) => resolve(bearer(), 10));
    await waiting(2);
    await api.behave({ kind: 'fine' });
    for (const result of await Promise.all(results)) expect(result).toMatchObject({ reason: null });
    expect(api.calls.session).toBe(2);
  });
});

describe('a revocation during a flight', () => {
  const yes = {
    sessionID: fakeSessionId,
    userID: '66666666-7777-4888-9999-aaaaaaaaaaaa',
    expireAt: 4_000_000_000,
    verified: true,
    roles: ['user'],
    groups: [],
  };

  /** The pending response accepts; every later look-up is rejected. */
  async function answerFromBefore(): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answered = api.behave({ kind: 'answers', status: 200, body: JSON.stringify(yes), headers });
    api.remove(bearer().token);
    await Promise.all([answered, api.behave({ kind: 'fine' })]);
  }

  it('is not undone by the response, on any replica', async () => {
    // The longest configurable time: no replica waits longer for one that claims more.
    const replicas = await three({ cache: { whileDisconnectedMs: 10_000 } });
    await api.behave({ kind: 'slow' });
    const results = replicas.map(({ resolve }) => resolve(bearer(), any));
    await waiting(2);
    // The call must be in progress first: one after the revocation returns the new state.
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    expect(await replicas[0]?.revocations.revoke({ kind: 'session', id: fakeSessionId }, 'admin')).toBe('delivered');
    expect(count(replicas, 'revoked replica session')).toBe(2);
    await answerFromBefore();
    for (const result of await Promise.all(results)) expect(result).toMatchObject({ reason: 'credential_rejected' });
    expect(count(replicas, 'voided auth-api')).toBeGreaterThan(0);
    for (const { resolve } of replicas) expect(resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected' });
  });

  it('is not undone by a pushed result if the calling replica has not received it', async () => {
    const [one, two] = await three();
    await api.behave({ kind: 'slow' });
    const first = one?.resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    const second = two?.resolve(bearer(), any);
    await waiting(1);
    two?.revocations.tombstones.add({ kind: 'session', id: fakeSessionId }, Date.now());
    await answerFromBefore();
    expect(await first).toMatchObject({ reason: null });
    expect(await second).toMatchObject({ reason: 'credential_rejected' });
    expect(two?.events.lines).toContain('voided push');
  });

  it('is not waited for indefinitely: after some rounds the result is unknown', async () => {
    const one = await neighbors.replica();
    await api.behave({ kind: 'slow' });
    const result = one.resolve(bearer(), any);
    for (let round = 0; round < 8; round += 1) {
      await vi.waitFor(() => expect(api.waiting()).toBe(1));
      one.revocations.tombstones.add({ kind: 'all' }, Date.now());
      await Promise.all([api.behave({ kind: 'fine' }), api.behave({ kind: 'slow' })]);
    }
    expect(await result).toMatchObject({ identity: null, reason: 'auth_busy' });
    await api.behave({ kind: 'fine' });
    expect(await one.resolve(bearer(), any)).toMatchObject({ reason: null });
  });
});
