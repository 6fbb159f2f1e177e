/** Refresh ahead: verdicts in use stay cached, others end, and refreshes use only their share of the Auth API. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { CacheConfig } from '../../../src/config/config.ts';
import type { AuthApiSourceConfig } from '../../../src/config/source-config.ts';
import { brokenMoods, type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { bearer, keyPair } from '../../unit/identity/samples.ts';
import { type Clock, makeResolver, type TestResolver } from '../../unit/identity/test-resolver.ts';
import { count, realClock, startNeighbors } from './replicas.ts';

const any = Number.POSITIVE_INFINITY;
/** After the first refresh time of a 30 s verdict. */
const dueMs = 26_000;
let api: FakeAuthApi;
let clock: Clock;

beforeEach(async () => {
  api = await startFakeAuthApi();
  onTestFinished(api.close);
  api.addSession(bearer().token);
  api.addKeyPair(keyPair().apiKey, keyPair().apiSecret);
  clock = { nowMs: Date.now() };
});

function resolver(cache: Partial<CacheConfig> = {}, authApi: Partial<AuthApiSourceConfig> = {}): TestResolver {
  const made = makeResolver(api.url, clock, { refreshAhead: true, ...cache }, authApi);
  onTestFinished(made.close);
  return made;
}

/** Looks it up and uses it once more, from memory. */
async function warm({ resolve }: TestResolver, credential: Parameters<TestResolver['resolve']>[0] = bearer()) {
  await resolve(credential, any);
  expect(resolve(credential, any)).toMatchObject({ source: 'memory' });
}

function refreshed({ events }: TestResolver, outcome: string): Promise<void> {
  return vi.waitFor(() => expect(events.lines).toContain(`refresh ${outcome}`));
}

describe('a verdict in use', () => {
  it.each([
    ['bearer', bearer()],
    ['key pair', keyPair()],
  ])('is refreshed before its end, so no request waits: %s', async (_, credential) => {
    const one = resolver();
    await warm(one, credential);
    clock.nowMs += dueMs;
    await refreshed(one, 'accepted');
    clock.nowMs += dueMs;
    expect(one.resolve(credential, any)).toMatchObject({ source: 'memory', reason: null });
    expect(one.resolve(credential, 30_000)).toMatchObject({ source: 'memory', reason: null });
    expect(api.calls.session + api.calls.keypair).toBe(2);
  });

  it('stays cached for as long as it is used', async () => {
    const one = makeResolver(api.url, realClock, { refreshAhead: true, acceptedMs: 2_000 });
    onTestFinished(one.close);
    await one.resolve(bearer(), any);
    await vi.waitFor(
      () => {
        expect(one.resolve(bearer(), any)).toMatchObject({ reason: null });
        expect(count([one], 'refresh accepted')).toBeGreaterThanOrEqual(2);
      },
      { timeout: 9_000, interval: 10 },
    );
  });

  it('is dropped when it is rejected', async () => {
    const one = resolver();
    await warm(one);
    api.remove(bearer().token);
    clock.nowMs += dueMs;
    await refreshed(one, 'rejected');
    expect(one.resolve(bearer(), any)).toMatchObject({ reason: 'credential_rejected', source: 'memory' });
  });

  it('lives to its end when the Auth API fails, with retries until then', async () => {
    const one = resolver();
    await warm(one);
    await api.behave(brokenMoods.error);
    clock.nowMs += dueMs;
    await refreshed(one, 'failed');
    expect(one.resolve(bearer(), any)).toMatchObject({ source: 'memory', reason: null });
    await api.behave({ kind: 'fine' });
    clock.nowMs += 2_500;
    await refreshed(one, 'accepted');
  });
});

describe('an unused verdict', () => {
  it.each([
    ['since its look-up', async (one: TestResolver) => void (await one.resolve(bearer(), any))],
    [
      'since its refresh',
      async (one: TestResolver) => {
        await warm(one);
        clock.nowMs += dueMs;
        await refreshed(one, 'accepted');
        api.calls.session = 1;
      },
    ],
  ])('ends, and is removed from memory: %s', async (_, prepare) => {
    const one = resolver();
    await prepare(one);
    clock.nowMs += dueMs;
    clock.nowMs += 5_000;
    await vi.waitFor(() => expect(one.stats().accepted).toBe(0));
    expect(api.calls.session).toBe(1);
  });

  it('is not refreshed when refreshing is off, however often it is used', async () => {
    const one = resolver({ refreshAhead: false });
    await warm(one);
    clock.nowMs += dueMs;
    expect(one.resolve(bearer(), any)).toMatchObject({ source: 'memory' });
    clock.nowMs += 5_000;
    await vi.waitFor(() => expect(one.stats().accepted).toBe(0));
    expect(api.calls.session).toBe(1);
  });
});

describe('the share of refreshes', () => {
  it('is a quarter of the calls, and the rest waits', async () => {
    const one = resolver({}, { concurrency: 8 });
    const tokens = Array.from({ length: 10 }, (_, index) => `in-use-${index}`);
    for (const token of tokens) {
      api.addSession(token);
      await warm(one, bearer(token));
    }
    await api.behave({ kind: 'slow' });
    clock.nowMs += dueMs;
    await vi.waitFor(() => expect(api.waiting()).toBe(2));
    // A request without a cached verdict still has its turn at once.
    const cold = one.resolve(bearer(), any);
    await vi.waitFor(() => expect(api.waiting()).toBe(3));
    expect(count([one], 'refresh accepted')).toBe(0);
    await api.behave({ kind: 'fine' });
    expect(await cold).toMatchObject({ reason: null });
    await vi.waitFor(() => expect(count([one], 'refresh accepted')).toBe(10));
  });

  it('is one call for all replicas', async () => {
    const neighbors = await startNeighbors(api.url, clock);
    const settings = { cache: { refreshAhead: true } };
    const replicas = [await neighbors.replica(settings), await neighbors.replica(settings)];
    for (const one of replicas) await warm(one);
    expect(api.calls.session).toBe(1);
    await api.behave({ kind: 'slow' });
    clock.nowMs += dueMs;
    await vi.waitFor(() => expect(api.waiting()).toBe(1));
    await vi.waitFor(async () => {
      const [name = ''] = await neighbors.redis.keys(`${neighbors.keyPrefix}waiters:*`);
      expect(await neighbors.redis.scard(name)).toBe(1);
    });
    await api.behave({ kind: 'fine' });
    await vi.waitFor(() => {
      expect(count(replicas, 'refresh accepted')).toBe(1);
      expect(count(replicas, 'refresh shared')).toBe(1);
    });
    expect(api.calls.session).toBe(2);
    clock.nowMs += 20_000;
    for (const { resolve } of replicas) expect(resolve(bearer(), any)).toMatchObject({ source: 'memory' });
  });
});
