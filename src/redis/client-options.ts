/** Options of every connection to Redis, in any topology. */
import type { ClusterOptions, RedisOptions } from 'ioredis';
import type { RedisConfig } from '../config/config.ts';

/** Longest wait for a connection, and for each of the commands that open it. */
export const connectTimeoutMs = 2_000;

const minPauseMs = 50;
const maxPauseMs = 2_000;

/** Pause before another attempt: twice as long each time, with jitter. */
export function pauseMs(attempt: number): number {
  return Math.min(minPauseMs * 2 ** Math.min(attempt, 10), maxPauseMs) * (0.5 + Math.random() / 2);
}

/** Client options of every connection, including those to nodes of a Cluster. */
export type NodeOptions = Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>;

export function nodeOptions({ username, password, commandTimeoutMs }: RedisConfig, name: string): NodeOptions {
  return {
    connectionName: name,
    // It would need a permission that Redis 7.0 does not know.
    disableClientInfo: true,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    lazyConnect: true,
    // Of the commands that open a connection; others have the shorter deadline of the link.
    commandTimeout: Math.max(connectTimeoutMs, 2 * commandTimeoutMs),
    connectTimeout: connectTimeoutMs,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A subscriber must know that messages were missed, and resubscribes itself.
    autoResubscribe: false,
    // For a Redis that does not respond on an open connection: commands would pile up behind the first.
    socketTimeout: Math.max(1_000, 4 * commandTimeoutMs),
    disconnectTimeout: 200,
    // The former master is now a replica: find the new master.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
  };
}

export function clientOptions(config: RedisConfig, name: string): Omit<RedisOptions, 'replyMapping'> {
  // A command that cannot be sent now fails now.
  return { ...nodeOptions(config, name), retryStrategy: pauseMs, enableOfflineQueue: false };
}
