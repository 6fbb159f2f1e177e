/**
 * The one place that connects to Redis: a single server, the master behind Sentinels, or a Cluster, with or without TLS.
 * The client is loaded with the first connection, for whoever has no Redis should not pay for it.
 */
import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import type { RedisConfig } from '../config/config.ts';
import { pauseMs } from './client-options.ts';
import { createClusterClient } from './cluster-client.ts';
import { createClusterSubscriber } from './cluster-subscriber.ts';
import { setDeadline } from './deadline.ts';
import { redisFailure } from './redis-failure.ts';
import type { RedisClient, RedisLink, RedisLinkOptions, RedisScript, RunScript } from './redis-link.ts';
import { createServerClient } from './server-client.ts';

const load = createRequire(import.meta.url);

export function connectRedis(config: RedisConfig, options: RedisLinkOptions): RedisLink {
  const ioredis = load('ioredis') as typeof import('ioredis');
  const { servers, commandTimeoutMs } = config;
  const connections = new Set<RedisClient>();

  /** Connects it now and again, and listens to its errors: without a listener they would be printed, with the address. */
  function tend<Client extends RedisClient>(
    client: Client,
    heard: Pick<RedisLinkOptions, 'onReady' | 'onAway'>,
  ): Client {
    let attempt = 0;
    const connect = () => {
      // Whether it succeeds is told by events.
      if (connections.has(client)) client.connect().catch(() => {});
    };
    const disconnect = client.disconnect.bind(client);
    client.disconnect = (reconnect = false) => {
      if (!reconnect) connections.delete(client);
      disconnect(reconnect);
    };
    const told = (error: unknown) => heard.onAway?.(redisFailure(error));
    connections.add(client);
    client.on('ready', () => {
      attempt = 0;
      heard.onReady?.();
    });
    client.on('error', told);
    client.on('node error', told);
    // The client itself gives up where no more attempts make sense for it, such as a search for a master broken off.
    client.on('end', () => {
      attempt += 1;
      if (connections.has(client)) setTimeout(connect, pauseMs(attempt)).unref();
    });
    setDeadline(client, commandTimeoutMs);
    connect();
    return client;
  }

  const client =
    servers.kind === 'cluster'
      ? tend(createClusterClient(ioredis, config, servers.nodes, options.name), options)
      : tend(createServerClient(ioredis, config, servers, options.name), options);

  function subscriber(): Redis {
    const name = `${options.name}-subscriber`;
    const made =
      servers.kind === 'cluster' && client instanceof ioredis.Cluster
        ? createClusterSubscriber(ioredis, config, client, servers.nodes, name)
        : createServerClient(ioredis, config, servers as never, name);
    return tend(made, {});
  }

  return {
    client,
    get ready() {
      return client.status === 'ready';
    },
    subscriber,
    script: (script) => defineScript(client, script),
    close() {
      for (const connection of [...connections]) connection.disconnect();
    },
  };
}

/** The client sends the text of a script once to each connection, and its digest after that. */
function defineScript(client: RedisClient, { name, lua, keys }: RedisScript): RunScript {
  client.defineCommand(name, { lua, numberOfKeys: keys });
  const run = (client as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>)[`${name}Buffer`]!;
  return (keyNames, args) => run.call(client, ...keyNames, ...args);
}
