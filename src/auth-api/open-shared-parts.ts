/** The parts that replicas share through Redis, and their replacements in one process without Redis. */
import type { RedisConfig } from '../config/config.ts';
import type { AttemptCounter } from '../limits/attempt-counter.ts';
import { createMemoryCounter } from '../limits/memory-counter.ts';
import { createSharedCounter } from '../limits/shared-counter.ts';
import type { ConnectRedis, RedisLink } from '../redis/redis-link.ts';
import type { AuthApiLog, RevocationEvent } from './events.ts';

export interface SharedParts {
  readonly counter: AttemptCounter;
  /** Notifies gateways in other processes; never throws. */
  publish(event: RevocationEvent): void;
  /** Whether Redis is connected; null: none is configured. */
  redisConnected(): boolean | null;
  /** Waits for messages in progress, then ends the connection. */
  close(): Promise<void>;
}

/** `config` null: attempts are counted in this process, and revocations are not published. */
export async function openSharedParts(
  config: RedisConfig | null,
  connect: ConnectRedis | undefined,
  log: AuthApiLog,
  now: () => number,
): Promise<SharedParts> {
  const local = createMemoryCounter(now);
  if (config === null) return { counter: local, publish: () => {}, redisConnected: () => null, close: async () => {} };
  if (connect === undefined) throw new TypeError('the settings have a Redis, but nothing connects to it');
  // Loaded only where there is a Redis.
  const { createRevocationPublisher } = await import('./revocations/revocation-publisher.ts');
  const { keyPrefix } = config;
  const link = await openLink(config, connect, log);
  const publisher = createRevocationPublisher({ link, keyPrefix, log, now });
  return {
    counter: createSharedCounter({ link, keyPrefix, local }),
    publish: publisher.publish,
    redisConnected: () => link.ready,
    async close() {
      await publisher.close();
      link.close();
    },
  };
}

/** How long the start waits for Redis, so that the first attempts are shared and the first messages are published. */
const patienceMs = 1_000;

/** Usable whether connected or not: the API starts and serves without Redis. */
export async function openLink(config: RedisConfig, connect: ConnectRedis, log: AuthApiLog): Promise<RedisLink> {
  const first = Promise.withResolvers<void>();
  /** What was logged since it was last connected. */
  const logged = new Set<string>();
  const link = connect(config, {
    name: 'rolegate-auth-api',
    onReady() {
      logged.clear();
      first.resolve();
      log.info({}, 'Redis connected');
    },
    onAway: () => first.resolve(),
    onFault({ at, reason, code }) {
      // A missing connection is logged only for the connection itself.
      if (logged.has(at) || (at === 'command' && reason === 'disconnected')) return;
      logged.add(at);
      log.warn({ redis: { at, reason, code } }, 'Redis is unavailable: each process counts limits alone');
    },
  });
  const timer = setTimeout(first.resolve, patienceMs);
  await first.promise;
  clearTimeout(timer);
  return link;
}
