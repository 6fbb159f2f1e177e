/**
 * A client of a Redis Cluster. A command goes to the node that has the slot, or fails within its deadline: an unreachable node causes only
 * misses for its share of the keys.
 */
import type { Cluster } from 'ioredis';
import type { Address, RedisConfig } from '../config/config.ts';
import { tlsOptions } from '../http1/client/tls-options.ts';
import { connectTimeoutMs, nodeOptions, pauseMs } from './client-options.ts';

type Client = typeof import('ioredis');

/** How often a command is sent again when slots move: once to learn it, once to follow, and once in reserve. */
const maxRedirections = 3;
/** How often the slots are fetched again. */
const refreshIntervalMs = 5_000;

export function createClusterClient(
  { Cluster }: Client,
  config: RedisConfig,
  nodes: readonly Address[],
  name: string,
): Cluster {
  const tls = tlsOptions(config.tls);
  const cluster = new Cluster([...nodes], {
    lazyConnect: true,
    enableOfflineQueue: false,
    scaleReads: 'master',
    maxRedirections,
    // Not sent again to an unreachable node; the slots are fetched again after that.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    retryDelayOnTryAgain: 20,
    slotsRefreshTimeout: connectTimeoutMs,
    slotsRefreshInterval: refreshIntervalMs,
    // Names are not resolved here: certificates contain them, and their addresses change.
    dnsLookup: (host, done) => done(null, host),
    clusterRetryStrategy: pauseMs,
    redisOptions: { ...nodeOptions(config, name), ...(tls === undefined ? {} : { tls }) },
  });
  // Masters are connected before the first command needs them, which would otherwise pay for it.
  cluster.on('+node', (node) => {
    if (!node.options.readOnly) node.connect().catch(() => {});
  });
  cluster.on('-node', () => {
    if (cluster.status === 'ready') cluster.refreshSlotsCache();
  });
  return cluster;
}
