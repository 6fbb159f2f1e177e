/** Thousands of random tokens: they use little memory and one call each, and evict no other client's verdicts. */
import { afterEach, describe, expect, it } from 'vitest';
import { useRedis } from '../support/redis.ts';
import { newBearer, newKeyPair, requestOf, times } from './support/credentials.ts';
import { countStatuses, keepFigures, table } from './support/figures.ts';
import { settledMemory } from './support/heap-of.ts';
import { type Installation, redisCache, startInstallation } from './support/installation.ts';

const tokens = 10_000;
const connections = 50;
const goodIdentities = 500;
const mib = 1024 * 1024;
let installation: Installation | undefined;

afterEach(() => installation?.close());

const rows: (string | number)[][] = [];

describe(`${tokens} requests with as many random tokens over ${connections} connections`, () => {
  it.each([
    ['memory only, room for all of them', false, 10_000],
    ['memory only, room for 2,000', false, 2_000],
    ['with Redis, room for 2,000', true, 2_000],
  ])('%s', async (name, withRedis, maxRejected) => {
    const keys = ['accepted: 1h', 'rejected: 1h', `maxAccepted: ${2 * goodIdentities}`, `maxRejected: ${maxRejected}`];
    const redis = withRedis ? await useRedis() : null;
    installation = await startInstallation({
      replicas: [redis === null ? keys : redisCache(redis.url, redis.keyPrefix, ...keys)],
      env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' },
      connections,
    });
    const { authApi, client, replicas } = installation;
    const gateway = replicas[0]!;
    const good = times(goodIdentities, (index) => (index % 2 === 0 ? newBearer() : newKeyPair()));
    await authApi.allow(...good);
    const askForGood = () =>
      client.closedLoop(goodIdentities, connections, (index) => ({
        target: 0,
        bytes: requestOf('/user/x', good[index]!),
      }));
    const flood = async (count: number) => {
      const bad = times(count, (index) => (index % 2 === 0 ? newBearer() : newKeyPair()));
      const bytes = bad.map((one) => requestOf('/user/x', one));
      const answers = await client.closedLoop(count, connections, (index) => ({ target: 0, bytes: bytes[index]! }));
      return { bad, answers };
    };

    // Code and connections are warmed up first with requests that are not measured: valid identities, and a few bad
    // tokens.
    expect(countStatuses(await askForGood())).toEqual({ 200: goodIdentities });
    for (let round = 0; round < 10; round += 1) await askForGood();
    await flood(500);
    await authApi.resetCalls();
    const before = await settledMemory(gateway.process);

    const { bad, answers } = await flood(tokens);
    const atOnce = gateway.residentBytes();
    const after = await settledMemory(gateway.process);
    expect(countStatuses(answers)).toEqual({ 401: tokens });
    const counts = await authApi.callCounts();
    expect(bad.filter(({ credential }) => (counts.get(credential) ?? 0) > 1)).toEqual([]);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(tokens);

    const metrics = await gateway.metrics();
    expect(countStatuses(await askForGood())).toEqual({ 200: goodIdentities });
    const found = await gateway.metrics();
    const verdicts = (source: string) =>
      found.sum('rolegate_decision_duration_seconds_count', { source }) -
      metrics.sum('rolegate_decision_duration_seconds_count', { source });
    // From memory and not only from Redis: no verdict was evicted.
    expect({ memory: verdicts('memory'), redis: verdicts('redis'), authApi: verdicts('auth-api') }).toEqual({
      memory: goodIdentities,
      redis: 0,
      authApi: 0,
    });
    expect((await authApi.callCounts()).size).toBe(counts.size);

    const grown = (pick: 'heapBytes' | 'externalBytes' | 'residentBytes') => (after[pick] - before[pick]) / mib;
    rows.push([
      name,
      ...(['residentBytes', 'heapBytes', 'externalBytes'] as const).map((pick) => grown(pick).toFixed(1)),
      ((atOnce - before.residentBytes) / mib).toFixed(1),
    ]);
    expect(grown('heapBytes') + grown('externalBytes')).toBeLessThan(20);
    expect(grown('residentBytes')).toBeLessThan(20);
  });

  it('stores its figures', () => {
    expect(rows).toHaveLength(3);
    const head = ['cache', 'resident MiB', 'heap MiB', 'external MiB', 'resident before the collection MiB'];
    keepFigures('flood', `Growth by ${tokens} random tokens (aim: < 20 MB)\n\n${table(head, rows)}`);
  });
});
