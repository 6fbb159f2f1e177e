/**
 * Counts in Redis, so that replicas share them, and in this process as well. The higher count holds: when Redis fails, does
 * not respond in time, or has lost its keys, each process goes on from what it has counted itself.
 */
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { RedisClient } from '../../redis/redis-link.ts';
import { withDeadline } from '../redis/with-deadline.ts';
import type { AttemptCounter, Count } from './attempt-counter.ts';

export interface SharedCounterOptions {
  readonly redis: RedisClient;
  /** Prefix of every key. */
  readonly keyPrefix: string;
  /** Longest wait for Redis. */
  readonly deadlineMs: number;
  /** Counts in this process. */
  readonly local: AttemptCounter;
}

/** After a failure Redis is not asked for this long: one request waits for a silent Redis, not every request. */
const restMs = 1_000;

export function createSharedCounter({ redis, keyPrefix, deadlineMs, local }: SharedCounterOptions): AttemptCounter {
  // The limits are the caller's; each window has its own duration.
  const shared = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${keyPrefix}attempts`,
    points: Number.MAX_SAFE_INTEGER,
    duration: 1,
    rejectIfRedisNotReady: true,
  });
  let restsUntilMs = Number.NEGATIVE_INFINITY;

  /** Null: Redis did not do it in time. */
  async function ask<Value>(command: () => Promise<Value>): Promise<Value | null> {
    if (redis.status !== 'ready' || performance.now() < restsUntilMs) return null;
    try {
      return await withDeadline(command(), deadlineMs);
    } catch {
      restsUntilMs = performance.now() + restMs;
      return null;
    }
  }

  return {
    async add(kind, key, windowMs) {
      const here = await local.add(kind, key, windowMs);
      const there = await ask(() => shared.penalty(key, 1, { customDuration: Math.ceil(windowMs / 1000) }));
      return there === null ? here : higher(here, { attempts: there.consumedPoints, endsInMs: there.msBeforeNext });
    },
    async remove(kind, key) {
      await local.remove(kind, key);
      await ask(() => shared.reward(key, 1));
    },
    async forget(kind, key) {
      await local.forget(kind, key);
      await ask(() => shared.delete(key));
    },
    async has(kind, key) {
      return (await local.has(kind, key)) || (await ask(() => redis.exists(shared.getKey(key)))) === 1;
    },
  };
}

function higher(here: Count, there: Count): Count {
  return here.attempts > there.attempts ? here : there;
}
