/** Gateways that share a Redis and an Auth API, for tests of the shared cache. Everything closes with the test. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, vi } from 'vitest';
import { type FakeAuthApi, startFakeAuthApi } from '../../support/fake-auth-api.ts';
import { type RecordingUpstream, startRecordingUpstream } from '../../support/recording-upstream.ts';
import { type RunningGateway, startGateway } from '../../support/running-gateway.ts';

export type Headers = Readonly<Record<string, string>>;

export const cacheSecret = 'a cache secret of at least thirty-two characters';
export const pair = { 'api-key': 'the-readable-key', 'api-secret': 'the-readable-secret' };

export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

export interface Replica extends RunningGateway {
  status(headers: Headers, path?: string): Promise<number>;
  /**
   * Resolves when Redis and the subscription are connected: before that, every look-up is a miss, and others ignore
   * this replica's entries.
   */
  connected(): Promise<void>;
  /** Resolves when so many verdicts were written to Redis. */
  wrote(count: number): Promise<void>;
}

export interface Replicas {
  readonly authApi: FakeAuthApi;
  readonly upstream: RecordingUpstream;
  /** Credential checks that reached the Auth API; the health check sends none. */
  calls(): number;
  /** One more gateway, connected to Redis. `cache` is additional YAML of that section. */
  replica(url: string, keyPrefix: string, cache?: string, secret?: string): Promise<Replica>;
  /** The same without waiting for Redis. */
  unconnected(url: string, keyPrefix: string, cache?: string, secret?: string): Promise<Replica>;
}

/** For `beforeEach`. `redisTimeout`: of each command; a short one is for a Redis that does not respond. */
export async function startReplicas({ redisTimeout = '5s' } = {}): Promise<Replicas> {
  const [authApi, upstream] = await Promise.all([startFakeAuthApi(), startRecordingUpstream()]);
  onTestFinished(async () => {
    await Promise.all([authApi.close(), upstream.close()]);
  });

  async function unconnected(url: string, keyPrefix: string, cache = '', secret = cacheSecret): Promise<Replica> {
    const gateway = await startGateway(`version: 1
server: { listen: "127.0.0.1:0", admin: "127.0.0.1:0" }
log: { level: trace }
authApi: { url: "${new URL(authApi.url).origin}" }
cache: { secret: "${secret}", redis: { url: "${url}", keyPrefix: "${keyPrefix}", timeout: ${redisTimeout} }, ${cache} }
roles: { user: {}, admin: { inherits: [user] } }
upstreams: { service: { targets: ["${upstream.origin}"] } }
routes:
  - { id: own, match: { path: "/own" }, upstream: service, access: [user] }
  - { id: admin, match: { path: "/admin" }, upstream: service, access: [admin] }
`);
    onTestFinished(gateway.close);
    return {
      ...gateway,
      status: async (headers, path = '/own') => (await fetch(`${gateway.origin}${path}`, { headers })).status,
      connected: () =>
        vi.waitFor(
          async () => {
            const answer = await fetch(`${gateway.admin}/health/ready`);
            expect(await answer.json()).toMatchObject({ checks: { redis: 'ok', revocations: 'ok' } });
          },
          { timeout: 10_000 },
        ),
      wrote: (count) =>
        vi.waitFor(
          async () => {
            const metric = /^rolegate_redis_operations_total\{operation="set",outcome="ok"\} (\d+)$/m;
            expect(Number(metric.exec(await gateway.metrics())?.[1] ?? 0)).toBeGreaterThanOrEqual(count);
          },
          { timeout: 10_000 },
        ),
    };
  }

  return {
    authApi,
    upstream,
    calls: () =>
      authApi.received.filter((headers) => headers.some((name) => /^(authorization|api-key)$/i.test(name))).length,
    unconnected,
    async replica(...settings) {
      const made = await unconnected(...settings);
      await made.connected();
      return made;
    },
  };
}

/** A separate client for the test. */
export function connectRedis(url: string): Redis {
  const redis = new Redis(url);
  onTestFinished(() => redis.disconnect());
  return redis;
}
