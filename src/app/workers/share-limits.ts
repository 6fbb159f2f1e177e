/**
 * The limits of one of several workers: its share of the limits for all clients together, rounded up. A limit per client that refuses is
 * unchanged, because all connections of a client may reach one worker. A limit per client that only delays is divided, so that a client
 * gets no larger share of a worker than of the whole.
 */

import type { Config, UpstreamConfig } from '../../config/config.ts';
import { isRemote } from '../../config/source-config.ts';

export function shareOf(config: Config, workers: number): Config {
  const part = (whole: number) => Math.ceil(whole / workers);
  const { server, cache, authApi, sources } = config;
  const { limits } = server;
  const upstreams = new Map(
    [...config.upstreams].map(([name, upstream]): [string, UpstreamConfig] => [
      name,
      {
        ...upstream,
        connections: part(upstream.connections),
        requestsPerClient: part(upstream.requestsPerClient),
        streams: part(upstream.streams),
        streamsPerClient: part(upstream.streamsPerClient),
        queue: { ...upstream.queue, length: part(upstream.queue.length) },
      },
    ]),
  );
  return {
    ...config,
    server: {
      ...server,
      limits: {
        ...limits,
        connections: part(limits.connections),
        bodyMemoryBytes: part(limits.bodyMemoryBytes),
      },
    },
    authApi: authApi === null ? null : { ...authApi, concurrency: part(authApi.concurrency) },
    sources: sources.map((one) => (isRemote(one) ? { ...one, concurrency: part(one.concurrency) } : one)),
    cache: {
      ...cache,
      maxAccepted: part(cache.maxAccepted),
      maxRejected: part(cache.maxRejected),
      maxBytes: part(cache.maxBytes),
    },
    upstreams,
  };
}
