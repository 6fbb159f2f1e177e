/** A client of one server: at a fixed address, or the master that Sentinels report. */
import type { Redis, RedisOptions } from 'ioredis';
import type { RedisConfig, RedisServers } from '../config/config.ts';
import { tlsOptions } from '../http1/client/tls-options.ts';
import { clientOptions, connectTimeoutMs, pauseMs } from './client-options.ts';

type Client = typeof import('ioredis');

/** How often an unreachable Sentinel is retried while others are connected. */
const sentinelPauseMs = 5_000;

export function createServerClient(
  { Redis }: Client,
  config: RedisConfig,
  servers: Exclude<RedisServers, { kind: 'cluster' }>,
  name: string,
): Redis {
  const tls = tlsOptions(config.tls);
  const options = { ...clientOptions(config, name), ...(tls === undefined ? {} : { tls }) };
  return servers.kind === 'single'
    ? new Redis({ ...options, host: servers.host, port: servers.port, db: servers.database })
    : new Redis({ ...options, ...sentinelOptions(servers, tls) });
}

function sentinelOptions(
  { name, nodes, username, password }: Extract<RedisServers, { kind: 'sentinel' }>,
  tls: ReturnType<typeof tlsOptions>,
): Omit<RedisOptions, 'replyMapping'> {
  return {
    name,
    sentinels: [...nodes],
    role: 'master',
    ...(username === null ? {} : { sentinelUsername: username }),
    ...(password === null ? {} : { sentinelPassword: password }),
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    sentinelCommandTimeout: connectTimeoutMs,
    sentinelRetryStrategy: pauseMs,
    sentinelReconnectStrategy: () => sentinelPauseMs * (0.5 + Math.random() / 2),
    // Sentinels report a new master: otherwise a master that was cut off would be used until it is reachable again.
    failoverDetector: true,
  };
}
