/** Verdicts on tokens of named sources, shared by replicas. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { useRedis } from '../../support/redis.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';
import { startTokenIssuer, type TokenIssuer } from '../../support/token-issuer.ts';
import { cacheSecret } from './replicas.ts';

let upstream: RecordingUpstream;
let issuer: TokenIssuer;
const gateways: RunningGateway[] = [];

beforeEach(async () => {
  [upstream, issuer] = await Promise.all([startRecordingUpstream(), startTokenIssuer()]);
});

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
  await Promise.all([upstream.close(), issuer.close()]);
});

async function replica(redis: { url: string; keyPrefix: string }, name = 'issuer'): Promise<RunningGateway> {
  const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
log: { level: info }
sources:
  ${name}: { kind: jwt, issuer: "${issuer.issuer}", audience: [orders] }
cache: { secret: "${cacheSecret}", redis: { url: "${redis.url}", keyPrefix: "${redis.keyPrefix}", timeout: 500ms } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: authenticated }
`);
  gateways.push(gateway);
  await vi.waitFor(
    async () => {
      const ready = await fetch(`${gateway.admin}/health/ready`);
      expect(await ready.json()).toMatchObject({ checks: { redis: 'ok', revocations: 'ok' } });
    },
    { timeout: 10_000 },
  );
  return gateway;
}

const get = async (gateway: RunningGateway, token: string) =>
  (await fetch(`${gateway.origin}/own`, { headers: { authorization: `Bearer ${token}` } })).status;

/**
 * What the second replica found in Redis. A verdict from before it was connected may miss a revocation, and is ignored.
 */
const found = async (gateway: RunningGateway) => {
  const line = /^rolegate_decision_duration_seconds_count\{source="redis"\} (\d+)$/m;
  return Number(line.exec(await gateway.metrics())?.[1] ?? 0);
};

it('a token that one replica verified is accepted by another without verification', async () => {
  const redis = await useRedis();
  const [one, two] = [await replica(redis), await replica(redis)];
  await expect
    .poll(async () => {
      const token = await issuer.token();
      expect([await get(one, token), await get(two, token)]).toEqual([200, 200]);
      return found(two);
    })
    .toBeGreaterThan(0);
  expect(upstream.last().header('user-id')).toEqual(['ann']);
});

it('the reason of a rejected token is shared, too', async () => {
  const redis = await useRedis();
  const [one, two] = [await replica(redis), await replica(redis)];
  await expect
    .poll(async () => {
      const token = await issuer.token({ aud: 'billing' });
      expect([await get(one, token), await get(two, token)]).toEqual([401, 401]);
      return found(two);
    })
    .toBeGreaterThan(0);
  await expect
    .poll(() => two.logLines().find((line) => line['source'] === 'redis'))
    .toMatchObject({ reason: 'credential_rejected', rejection: 'audience' });
});

it('a verdict of a source with another name is ignored', async () => {
  const redis = await useRedis();
  const [one, two] = [await replica(redis), await replica(redis, 'renamed')];
  for (let round = 0; round < 3; round += 1) {
    const token = await issuer.token();
    expect([await get(one, token), await get(two, token)]).toEqual([200, 200]);
  }
  expect(await found(two)).toBe(0);
});
