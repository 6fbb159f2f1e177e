/** The compiled configuration of a Redis, for tests without a configuration file. */
import type { RedisConfig, RedisServers } from '../../src/config/config.ts';

/** `commandTimeoutMs` is long: most tests are not about a loaded machine. */
export function redisConfig(url: string, keyPrefix: string, commandTimeoutMs = 5_000): RedisConfig {
  const { hostname, port, password } = new URL(url);
  const servers: RedisServers = { kind: 'single', host: hostname, port: Number(port), database: 0 };
  return { ...redisConfigOf(servers, keyPrefix, commandTimeoutMs), password: password === '' ? null : password };
}

/** The same for Sentinels and a Cluster. */
export function redisConfigOf(servers: RedisServers, keyPrefix: string, commandTimeoutMs = 5_000): RedisConfig {
  return { servers, username: null, password: null, tls: null, keyPrefix, commandTimeoutMs };
}
