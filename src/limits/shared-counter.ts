/**
 * Counts in Redis, so that replicas share them, and in this process as well. The higher count applies: if Redis fails, does not respond in
 * time, or has lost its keys, each process continues with its own count. The library is loaded with the first counter, because a process
 * without Redis should not pay for it.
 */
import { createRequire } from 'node:module';
import type { AttemptCounter, Count } from './attempt-counter.ts';

const load = createRequire(import.meta.url);

export interface SharedCounterOptions {
  readonly link: CountingLink;
  /** Prefix of every key. */
  readonly keyPrefix: string;
  /** Counts in this process. */
  readonly local: AttemptCounter;
}

/** What it needs from a link to Redis. */
export interface CountingLink {
  /** A client of ioredis. */
  readonly client: object;
  /** Whether commands can be sent now. */
  readonly ready: boolean;
  /** Rejects at the deadline of the link. */
  run<Reply>(command: () => Promise<Reply>): Promise<Reply>;
}

/** After a failure, Redis is not used for this long: one request waits for an unresponsive Redis, not every request. */
const restMs = 1_000;

export function createSharedCounter({ link, keyPrefix, local }: SharedCounterOptions): AttemptCounter {
  const { RateLimiterRedis } = load('rate-limiter-flexible') as typeof import('rate-limiter-flexible');
  // The caller sets the limits; each window has its own duration.
  const shared = new RateLimiterRedis({
    storeClient: link.client,
    keyPrefix: `${keyPrefix}attempts`,
    points: Number.MAX_SAFE_INTEGER,
    duration: 1,
    rejectIfRedisNotReady: true,
  });
  let restsUntilMs = Number.NEGATIVE_INFINITY;

  /** Null: Redis did not respond in time. */
  async function ask<Value>(command: () => Promise<Value>): Promise<Value | null> {
    if (!link.ready || performance.now() < restsUntilMs) return null;
    try {
      return await link.run(command);
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
    async attempts(kind, key) {
      const here = await local.attempts(kind, key);
      const there = await ask(() => shared.get(key));
      return Math.max(here, there?.consumedPoints ?? 0);
    },
  };
}

function higher(here: Count, there: Count): Count {
  return here.attempts > there.attempts ? here : there;
}
