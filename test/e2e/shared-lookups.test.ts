/** A single flight for a thousand: cold requests of one credential at three replicas that share a Redis. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateRedis, useRedis } from '../support/redis.ts';
import { newBearer, newKeyPair, requestOf, times } from './support/credentials.ts';
import { countStatuses, max } from './support/figures.ts';
import {
  type Installation,
  patientRedisCache,
  redisCache,
  startInstallation,
  untilAllHear,
} from './support/installation.ts';

const latencyMs = 200;
let installation: Installation | undefined;

async function threeReplicas(timeout: string, cache = patientRedisCache): Promise<Installation> {
  const { url, keyPrefix } = await useRedis();
  installation = await startInstallation({
    replicas: times(3, () => cache(url, keyPrefix, 'accepted: 60s', 'whileDisconnected: 10s')),
    authApiKeys: ['concurrency: 200', `timeout: ${timeout}`],
    connections: 400,
  });
  await untilAllHear(installation.replicas);
  return installation;
}

describe('parallel cold requests at three replicas', () => {
  beforeAll(async () => {
    const { authApi } = await threeReplicas('10s');
    await authApi.behave('fine', latencyMs);
  }, 120_000);
  afterAll(() => installation?.close());

  it.each([
    ['bearer', newBearer(), 200],
    ['key pair', newKeyPair(), 200],
    ['unknown bearer', newBearer(), 401],
  ] as const)('1,000 with one %s: one call to the Auth API, and the same response for all', async (_, one, status) => {
    const { authApi, client } = installation!;
    await authApi.resetCalls();
    if (status === 200) await authApi.allow(one);
    const bytes = requestOf('/user/x', one);
    const exchanges = await Promise.all(times(1_000, (index) => client.send(index % 3, bytes)));
    expect(countStatuses(exchanges)).toEqual({ [status]: 1_000 });
    expect(await authApi.callCounts()).toEqual(new Map([[one.credential, 1]]));
    if (status === 200) expect(new Set(exchanges.map(({ body }) => body))).toEqual(new Set([`${one.userId} fresh`]));
  });

  it('1,200 with 100 credentials: one call for each', async () => {
    const { authApi, client } = installation!;
    await authApi.resetCalls();
    const credentials = times(100, (index) => (index % 2 === 0 ? newBearer() : newKeyPair()));
    await authApi.allow(...credentials);
    const exchanges = await Promise.all(
      times(1_200, (index) => client.send(index % 3, requestOf('/user/x', credentials[index % 100]!))),
    );
    expect(countStatuses(exchanges)).toEqual({ 200: 1_200 });
    expect(new Set((await authApi.callCounts()).values())).toEqual(new Set([1]));
    expect((await authApi.calls()).length).toBe(100);
  });
});

describe('one of the three is killed during its call', () => {
  afterAll(() => installation?.close());

  it('the others wait no longer than the lease lasts, and then call themselves', async () => {
    const { authApi, client, replicas } = await threeReplicas('3s', redisCache);
    const credential = newBearer();
    await authApi.allow(credential);
    await authApi.behave('fine', 2_500);
    const bytes = requestOf('/user/x', credential);
    const lost = client.send(0, bytes);
    await expect.poll(async () => (await authApi.calls()).length).toBe(1);
    const waiting = times(60, (index) => client.send(1 + (index % 2), bytes));
    replicas[0]!.process.signal('SIGKILL');
    const killedMs = performance.now();
    await authApi.behave('fine', 0);
    expect((await lost).status).toBe(0);
    const exchanges = await Promise.all(waiting);
    expect(countStatuses(exchanges)).toEqual({ 200: 60 });
    // The lease lasts little longer than a call to the Auth API may take; the rest is for a busy machine.
    expect(max(exchanges.map(({ endedMs }) => endedMs)) - killedMs).toBeLessThan(10_000);
    // The killed one's, and at most one by each survivor.
    expect((await authApi.calls()).length).toBeLessThanOrEqual(3);
  });
});

describe('without a shared Redis', () => {
  it('a Redis that is down: one call per replica', async () => {
    const redis = await startPrivateRedis();
    let installed: Installation | undefined;
    try {
      await redis.kill();
      installed = await startInstallation({
        replicas: times(3, () => redisCache(redis.url, 'flight:', 'accepted: 60s', 'whileDisconnected: 10s')),
        connections: 400,
      });
      const { authApi, client } = installed;
      await authApi.behave('fine', latencyMs);
      const credential = newBearer();
      await authApi.allow(credential);
      const exchanges = await Promise.all(
        times(900, (index) => client.send(index % 3, requestOf('/user/x', credential))),
      );
      expect(countStatuses(exchanges)).toEqual({ 200: 900 });
      expect((await authApi.calls()).length).toBe(3);
    } finally {
      await installed?.close();
      await redis.dispose();
    }
  });
});
