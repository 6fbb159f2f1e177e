/**
 * The one place that connects to Redis: a single server, the master behind Sentinels, or a Cluster, with or without TLS.
 * The client is loaded with the first connection, so that a gateway without Redis does not pay for it.
 */
import { createRequire } from 'node:module';
import type { RedisConfig } from '../config/config.ts';
import { pauseMs } from './client-options.ts';
import { createClusterClient } from './cluster-client.ts';
import { createClusterSubscriber } from './cluster-subscriber.ts';
import { redisErrorCode, redisFailure } from './redis-failure.ts';
import type {
  RedisClient,
  RedisFault,
  RedisLink,
  RedisLinkOptions,
  RedisScript,
  RedisSubscriber,
  RunScript,
} from './redis-link.ts';
import { createServerClient } from './server-client.ts';

const load = createRequire(import.meta.url);

export function connectRedis(config: RedisConfig, options: RedisLinkOptions): RedisLink {
  const ioredis = load('ioredis') as typeof import('ioredis');
  const { servers, commandTimeoutMs } = config;
  const open = new Set<RedisClient>();

  function fault(at: RedisFault['at'], error: unknown): void {
    options.onFault?.({ at, reason: redisFailure(error), code: redisErrorCode(error) });
  }

  /** Connects and reconnects it, and listens to its errors: without a listener they would be printed, with the address. */
  function keepConnected<Client extends RedisClient>(
    client: Client,
    { onReady, onAway }: Pick<RedisLinkOptions, 'onReady' | 'onAway'>,
  ): Client {
    let attempt = 0;
    const connect = () => {
      // The events show whether it succeeds.
      if (open.has(client)) client.connect().catch(() => {});
    };
    const failed = (error: unknown) => {
      onAway?.(redisFailure(error));
      fault('connection', error);
    };
    open.add(client);
    client.on('ready', () => {
      attempt = 0;
      onReady?.();
    });
    client.on('error', failed);
    client.on('node error', failed);
    // The client itself gives up in some cases, such as an aborted search for a master.
    client.on('end', () => {
      attempt += 1;
      if (open.has(client)) setTimeout(connect, pauseMs(attempt)).unref();
    });
    connect();
    return client;
  }

  function end(client: RedisClient): void {
    open.delete(client);
    client.disconnect();
  }

  function createClients() {
    if (servers.kind !== 'cluster') {
      const create = (name: string) => createServerClient(ioredis, config, servers, name);
      return { client: create(options.name), createSubscriber: create };
    }
    const { nodes } = servers;
    const cluster = createClusterClient(ioredis, config, nodes, options.name);
    return {
      client: cluster,
      createSubscriber: (name: string) => createClusterSubscriber(ioredis, config, cluster, nodes, name),
    };
  }

  const clients = createClients();
  const client = keepConnected(clients.client, options);

  function subscriber(): RedisSubscriber {
    const connection = keepConnected(clients.createSubscriber(`${options.name}-subscriber`), {});
    return { connection, failed: (error) => fault('subscription', error), close: () => end(connection) };
  }

  const { onCommand } = options;
  const run: RedisLink['run'] = async (command) => {
    const from = performance.now();
    let ok = false;
    try {
      const reply = await withDeadline(command(client), commandTimeoutMs);
      ok = true;
      return reply;
    } catch (error) {
      fault('command', error);
      throw error;
    } finally {
      onCommand?.(ok, (performance.now() - from) / 1000);
    }
  };
  return {
    client,
    get ready() {
      return client.status === 'ready';
    },
    run,
    subscriber,
    script(script) {
      const send = defineScript(client, script);
      return (keys, args) => run(() => send(keys, args));
    },
    close() {
      for (const connection of [...open]) end(connection);
    },
  };
}

/** The client sends the text of a script once to each connection, and its digest after that. */
function defineScript(client: RedisClient, { name, lua, keys }: RedisScript): RunScript {
  client.defineCommand(name, { lua, numberOfKeys: keys });
  const run = (client as unknown as Record<string, (...all: unknown[]) => Promise<unknown>>)[`${name}Buffer`]!;
  return (keyNames, args) => run.call(client, ...keyNames, ...args);
}

/**
 * The deadline of a command, including redirections: in a Cluster, the client's own `commandTimeout` would restart with each redirection. A
 * stalled process must not blame Redis: replies that have arrived meanwhile are read first.
 */
async function withDeadline<Reply>(reply: Promise<Reply>, deadlineMs: number): Promise<Reply> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => setImmediate(() => late.reject(new Error('Command timed out'))), deadlineMs).unref();
  try {
    return await Promise.race([reply, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
