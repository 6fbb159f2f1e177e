/**
 * Revocation with requests in flight: an Auth API that responds 300 ms late, three replicas, 10,000 requests around
 * each revocation. No request that begins after the acknowledgement is accepted.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPrivateRedis, useRedis } from '../support/redis.ts';
import { requestOf, times } from './support/credentials.ts';
import { countStatuses, keepFigures, max, quantile, table } from './support/figures.ts';
import { type Installation, redisCache, startInstallation, untilAllHear } from './support/installation.ts';
import { acceptedAfter, lastAccepted, race, revocationKinds } from './support/revocation-race.ts';
import { type Silenced, startSubscriptionRelay } from './support/subscription-relay.ts';

const latencyMs = 300;
const requests = 10_000;
const workers = 60;
const repetitions = 20;
const whileDisconnectedMs = 1_000;
/** Short, so checks are in flight all the time, also at the moment of the revocation. */
const lifetimes = ['accepted: 700ms', 'rejected: 2s', `whileDisconnected: ${whileDisconnectedMs}ms`];

describe(`three replicas, ${requests} requests, revoked in between`, () => {
  let installation: Installation;
  const told: number[] = [];
  const lastBegan: number[] = [];
  const lastEnded: number[] = [];
  let raced = 0;
  let sent = 0;

  beforeAll(async () => {
    const { url, keyPrefix } = await useRedis();
    installation = await startInstallation({
      replicas: times(3, () => redisCache(url, keyPrefix, ...lifetimes)),
      connections: workers,
    });
    await installation.authApi.behave('fine', latencyMs);
    await untilAllHear(installation.replicas);
  }, 120_000);
  afterAll(() => installation?.close());

  it.each(
    times(repetitions, (index) => {
      const [kind, make, revocation] = revocationKinds[index % revocationKinds.length]!;
      // Every other one during the first check, whose response is from before the revocation.
      return [index + 1, kind, index % 2 === 0 ? 'while warm' : 'during the first check', make, revocation] as const;
    }),
  )('%i: %s, %s', async (index, _kind, when, make, revocation) => {
    const credential = make();
    const warm = when === 'while warm';
    const { exchanges, sentMs, acknowledgedMs } = await race(installation, {
      credential,
      revocation: revocation(credential),
      at: index % 3,
      requests,
      workers,
      ...(warm ? { afterAnswers: requests / 2 } : { afterMs: latencyMs / 2 }),
    });
    expect(exchanges.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
    expect(acceptedAfter(exchanges, acknowledgedMs)).toEqual([]);
    const after = exchanges.filter(({ beganMs }) => beganMs > acknowledgedMs);
    expect(after.length).toBeGreaterThan(1_000);
    expect(new Set(after.map(({ target }) => target)).size).toBe(3);
    if (warm) {
      expect(countStatuses(exchanges)[200]).toBeGreaterThan(1_000);
      const last = lastAccepted(exchanges, 3);
      lastBegan.push(...last.map(({ began }) => began - acknowledgedMs));
      lastEnded.push(...last.map(({ ended }) => ended - acknowledgedMs));
    }
    told.push(acknowledgedMs - sentMs);
    raced += 1;
    sent += exchanges.length;
  });

  it('stores its figures', () => {
    expect(raced).toBe(repetitions);
    const row = (name: string, values: readonly number[]) => [
      name,
      ...[0.5, 0.9, 0.99].map((share) => quantile(values, share).toFixed(1)),
      max(values).toFixed(1),
    ];
    keepFigures(
      'revocation',
      [
        `${raced} races, ${sent} requests, three replicas, Auth API ${latencyMs} ms late; milliseconds`,
        '',
        table(
          ['', 'p50', 'p90', 'p99', 'max'],
          [
            row('from sending the revocation to its acknowledgement', told),
            row('from the acknowledgement to the beginning of the last accepted request of a replica', lastBegan),
            row('from the acknowledgement to the end of the last accepted answer of a replica', lastEnded),
          ],
        ),
        '',
        'Negative: before the acknowledgement.',
      ].join('\n'),
    );
    // A request that began before the acknowledgement may complete after it; none may begin after it and be accepted.
    expect(max(lastBegan)).toBeLessThan(0);
  });
});

describe('one replica is disconnected: its verdicts end within `cache.whileDisconnected`', () => {
  const rows: string[][] = [];

  it.each<[string, Silenced]>([
    ['only its subscription is silent', 'subscriptions'],
    ['everything between it and Redis is silent', 'everything'],
  ])('%s; the metric shows it, and it reconnects', async (name, silenced) => {
    const redis = await startPrivateRedis();
    const relay = await startSubscriptionRelay(redis.url);
    const keys = ['accepted: 60s', 'rejected: 2s', `whileDisconnected: ${whileDisconnectedMs}ms`];
    const installation = await startInstallation({
      replicas: [redis.url, redis.url, `redis://127.0.0.1:${relay.port}`].map((url) =>
        redisCache(url, 'cut:', ...keys),
      ),
      connections: workers,
    });
    try {
      await installation.authApi.behave('fine', latencyMs);
      const deaf = installation.replicas[2]!;
      const hears = async () => (await deaf.metrics()).sum('rolegate_revocations_connected');
      await untilAllHear(installation.replicas);
      expect(relay.subscriptions()).toBeGreaterThan(0);
      let silentMs = 0;
      const [, make, revocation] = revocationKinds[0]!;
      const credential = make();
      const { exchanges, sentMs, acknowledgedMs } = await race(installation, {
        credential,
        revocation: revocation(credential),
        at: 0,
        requests,
        workers,
        afterAnswers: requests / 4,
        before: () => {
          relay.silence(silenced);
          silentMs = performance.now();
        },
      });
      expect(exchanges.filter(({ status }) => status !== 200 && status !== 401)).toEqual([]);
      const ofOthers = exchanges.filter(({ target }) => target !== 2);
      expect(acceptedAfter(ofOthers, acknowledgedMs)).toEqual([]);
      const ofDeaf = exchanges.filter(({ target }) => target === 2);
      expect(acceptedAfter(ofDeaf, Math.max(acknowledgedMs, silentMs + whileDisconnectedMs))).toEqual([]);
      const last = lastAccepted(exchanges, 3);
      const since = (atMs: number) => (atMs - silentMs).toFixed(0);
      const others = Math.max(last[0]!.began, last[1]!.began);
      rows.push([name, since(sentMs), since(acknowledgedMs), since(others), since(last[2]!.began)]);
      await expect.poll(hears, { timeout: 10_000 }).toBe(0);
      relay.mend();
      await expect.poll(hears, { timeout: 20_000 }).toBe(1);
      // What was revoked while it was disconnected stays revoked.
      expect((await installation.client.send(2, requestOf('/user/x', credential))).status).toBe(401);
    } finally {
      await installation.close();
      await relay.close();
      await redis.dispose();
    }
  });

  it('stores its figures', () => {
    expect(rows).toHaveLength(2);
    const head = ['', 'sent', 'acknowledged', 'last accepted of the others', 'last accepted of the deaf one'];
    keepFigures(
      'revocation-cut',
      `\`cache.whileDisconnected\` ${whileDisconnectedMs} ms; milliseconds since it fell silent\n\n${table(head, rows)}`,
    );
  });
});
