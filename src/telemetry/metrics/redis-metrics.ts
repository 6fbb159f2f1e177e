/** Counts the use of Redis and other replicas by look-ups. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { IdentityEvents, RedisOperation, RedisOutcome, SharedLookUpOutcome } from '../../identity/events.ts';
import { RecentNames } from '../../limits/recent-names.ts';
import type { Logger } from '../log/logger.ts';
import { exchangeBuckets } from './request-series.ts';

/** Present from the start, so that the first error is an increase. */
const redisOutcomes: Readonly<Record<RedisOperation, readonly RedisOutcome[]>> = {
  get: ['hit', 'miss', 'invalid', 'error'],
  set: ['ok', 'error', 'skipped', 'oversize'],
  connection: ['ok', 'error'],
};
const lookUpOutcomes: readonly SharedLookUpOutcome[] = [
  'led',
  'found',
  'pushed',
  'failed',
  'late',
  'disconnected',
  'alone',
  'error',
];

/** In seconds, from a Redis on the same machine to the longest reasonable deadline. */
const redisBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
type RedisEvents = Pick<IdentityEvents, 'redis' | 'redisCommand' | 'redisFault' | 'sharedLookUp'>;

/** Between two log lines about one fault. */
const quietMs = 60_000;
/** Kinds of faults within that time: their codes are for Redis to say. */
const maxFaults = 32;

export function createRedisMetrics(registry: Registry, log: Pick<Logger, 'warn'>): RedisEvents {
  const registers = [registry];
  const sharedLookUps = new Counter({
    name: 'rolegate_shared_lookups_total',
    help: 'Look-ups for which replicas share one call to the Auth API, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of lookUpOutcomes) sharedLookUps.inc({ outcome }, 0);
  const sharedLookUpWait = new Histogram({
    name: 'rolegate_shared_lookup_wait_seconds',
    help: 'Time that a look-up waited for the call of another replica.',
    buckets: exchangeBuckets,
    registers,
  });
  const redis = new Counter({
    name: 'rolegate_redis_operations_total',
    help: 'Operations on the shared cache in Redis, by operation and outcome.',
    labelNames: ['operation', 'outcome'],
    registers,
  });
  const redisCommands = new Histogram({
    name: 'rolegate_redis_command_duration_seconds',
    help: 'Time from sending a command to Redis to its reply, by outcome: ok or error.',
    labelNames: ['outcome'],
    buckets: redisBuckets,
    registers,
  });
  for (const outcome of ['ok', 'error']) redisCommands.zero({ outcome });
  for (const [operation, outcomes] of Object.entries(redisOutcomes)) {
    for (const outcome of outcomes) redis.inc({ operation, outcome }, 0);
  }

  /** When each may be logged again, in milliseconds of the process. */
  const faults = new RecentNames(maxFaults);

  return {
    redisFault({ at, reason, code }) {
      const name = `${at} ${reason} ${code}`;
      const nowMs = performance.now();
      // That there is no connection is said of the connection.
      if ((at === 'command' && reason === 'disconnected') || faults.has(name, nowMs)) return;
      faults.add(name, nowMs + quietMs);
      log.warn({ redis: { at, reason, code } }, 'Redis failed');
    },
    redis: (operation, outcome) => redis.inc({ operation, outcome }),
    redisCommand: (ok, seconds) => redisCommands.observe({ outcome: ok ? 'ok' : 'error' }, seconds),
    sharedLookUp(outcome, waitedS) {
      sharedLookUps.inc({ outcome });
      if (waitedS !== null) sharedLookUpWait.observe(Math.max(0, waitedS));
    },
  };
}
