/**
 * The connection to Redis, which shares limits and carries revocations. Redis is a help, never a condition: the API
 * starts and answers without it, nothing waits for a connection, and every command has a deadline.
 */
import { Redis } from 'ioredis';
import type { RedisConfig } from '../../config/config.ts';
import type { AuthApiLog } from '../auth-api.ts';
import { withDeadline } from './with-deadline.ts';

/** How long the start waits for Redis, so that the first attempts are shared and the first messages heard. */
const patienceMs = 1_000;

/** Connected or not, it is usable; it logs when Redis goes and comes, once each. */
export async function connectRedis({ url, commandTimeoutMs }: RedisConfig, log: AuthApiLog): Promise<Redis> {
  const redis = new Redis(url, {
    connectionName: 'rolegate-auth-api',
    lazyConnect: true,
    commandTimeout: commandTimeoutMs,
    // A command that cannot be sent now fails now.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A Redis that is silent on an open connection: commands would pile up behind the first.
    socketTimeout: Math.max(1_000, 4 * commandTimeoutMs),
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 2_000) * (0.5 + Math.random() / 2),
  });
  let away = false;
  redis.on('ready', () => {
    away = false;
    log.info({}, 'Redis connected');
  });
  // Without a listener the client would print the error, and the address with it.
  redis.on('error', (error: NodeJS.ErrnoException) => {
    if (away) return;
    away = true;
    log.warn({ reason: error.code ?? error.name }, 'Redis is away: limits count in each process alone');
  });
  // Whether it succeeds is told by the two events.
  await withDeadline(redis.connect(), patienceMs).catch(() => {});
  return redis;
}
