/**
 * Resolvers like those of several replicas on one Redis, for tests of what they share. Everything closes with the test.
 */
import { Redis } from 'ioredis';
import { onTestFinished, vi } from 'vitest';
import type { CacheConfig } from '../../../src/config/config.ts';
import type { AuthApiSourceConfig } from '../../../src/config/source-config.ts';
import { type SharedRedis, useRedis } from '../../support/redis.ts';
import { redisConfig } from '../../support/redis-config.ts';
import { type Clock, makeResolver, type TestResolver } from '../../unit/identity/test-resolver.ts';

export interface ReplicaSettings {
  readonly cache?: Partial<CacheConfig>;
  readonly authApi?: Partial<AuthApiSourceConfig>;
  readonly commandTimeoutMs?: number;
}

export interface Neighbors {
  /** One more replica, connected to the others when this resolves. */
  replica(settings?: ReplicaSettings): Promise<TestResolver>;
  /** A separate client for the test. */
  readonly redis: Redis;
  readonly keyPrefix: string;
}

/** `url`: of the Auth API. */
export async function startNeighbors(url: string | readonly string[], clock: Clock): Promise<Neighbors> {
  const shared: SharedRedis = await useRedis();
  const redis = new Redis(shared.url);
  onTestFinished(() => redis.disconnect());
  return {
    redis,
    keyPrefix: shared.keyPrefix,
    async replica({ cache = {}, authApi = {}, commandTimeoutMs = 5_000 } = {}) {
      const made = makeResolver(
        url,
        clock,
        { redis: redisConfig(shared.url, shared.keyPrefix, commandTimeoutMs), ...cache },
        authApi,
      );
      onTestFinished(made.close);
      await vi.waitUntil(() => made.events.lines.includes('connected'));
      return made;
    },
  };
}

/** The system clock. */
export const realClock: Clock = {
  get nowMs() {
    return Date.now();
  },
};

/** How often a line occurs among all events. */
export function count(resolvers: readonly TestResolver[], line: string): number {
  return resolvers.reduce((sum, { events }) => sum + events.lines.filter((one) => one === line).length, 0);
}
