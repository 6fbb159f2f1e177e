/**
 * Counts attempts in Redis, so that replicas share them: fixed windows of whole seconds, one command for each attempt.
 * Everything is counted in this process as well, and that count decides while Redis does not answer in time: a failing
 * Redis neither opens the door anew nor keeps anybody waiting.
 */
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisClient } from '../../redis/redis-link.ts';
import { withDeadline } from '../redis/with-deadline.ts';
import type { AttemptLimit, AttemptLimiter } from './attempt-limiter.ts';

export interface SharedLimiterOptions {
  readonly redis: RedisClient;
  /** Stands before every key. */
  readonly keyPrefix: string;
  /** Longest wait for Redis. */
  readonly deadlineMs: number;
  /** Counts in this process. */
  readonly local: AttemptLimiter;
}

/** After a failure Redis is not asked for this long, so that one silence is waited for once and not by every request. */
const restMs = 1_000;

export function createSharedLimiter({ redis, keyPrefix, deadlineMs, local }: SharedLimiterOptions): AttemptLimiter {
  const counters = new Map<string, RateLimiterRedis>();
  let restsUntilMs = Number.NEGATIVE_INFINITY;

  /** As many as there are different limits in the settings. */
  function counterOf({ attempts, windowMs }: AttemptLimit): RateLimiterRedis {
    const name = `${attempts}/${windowMs}`;
    let counter = counters.get(name);
    if (counter === undefined) {
      counter = new RateLimiterRedis({
        storeClient: redis,
        keyPrefix: `${keyPrefix}attempts`,
        points: attempts,
        duration: Math.ceil(windowMs / 1000),
        rejectIfRedisNotReady: true,
      });
      counters.set(name, counter);
    }
    return counter;
  }

  return {
    async attempt(key, limit) {
      const localAnswer = await local.attempt(key, limit);
      if (redis.status !== 'ready' || performance.now() < restsUntilMs) return localAnswer;
      try {
        await withDeadline(counterOf(limit).consume(key), deadlineMs);
        return null;
      } catch (reason) {
        // The library rejects with its result when there are too many, and with an error when it could not count.
        if (reason instanceof RateLimiterRes) return Math.max(1, Math.ceil(reason.msBeforeNext / 1000));
        restsUntilMs = performance.now() + restMs;
        return localAnswer;
      }
    },
  };
}
