/**
 * Chooses once per run where Redis comes from: `TEST_REDIS_URL`, Docker, a server on the PATH, apt. `TEST_REDIS_FROM`
 * restricts it to one source (`containers`, `server` or `none`), so each can be tried on one machine.
 */
import { Redis } from 'ioredis';
import { fromContainers, startProcessInContainer } from './from-containers.ts';
import { fromApt, fromPath } from './from-server.ts';
import type { RedisWay, RunningRedis } from './running-redis.ts';
import { type ProcessSpec, startProcess } from './server-process.ts';

export interface RedisChoice {
  /** For tests that share a server; null: none is available. */
  readonly shared: { readonly name: string; start(): Promise<{ url: string; dispose(): Promise<void> }> } | null;
  /** For tests that stop theirs; null: none is available. */
  readonly own: RedisWay | null;
  /** For Sentinels, Clusters and TLS, with its own arguments; null: not available. */
  readonly startProcess: ((spec: ProcessSpec) => Promise<RunningRedis>) | null;
}

/** Why tests are skipped without Redis. */
export const noRedis =
  'no Redis: set TEST_REDIS_URL, start Docker, or install redis-server (Debian: apt-get install redis-server; macOS: brew install redis)';
/** Why tests that stop their Redis are skipped if only `TEST_REDIS_URL` is set. */
export const noOwnRedis =
  'no Redis that the test may stop: start Docker or install redis-server beside TEST_REDIS_URL (Debian: apt-get install redis-server)';

/** Why tests of Sentinels, Clusters and TLS are skipped. */
export const noRedisServer =
  'no redis-server on the PATH, no Debian to install it on, and no Docker on Linux (Debian: apt-get install redis-server; macOS: brew install redis)';

/** Rejects when `TEST_REDIS_URL` is set and no server responds there: a wrong setting is not a reason to skip. */
export async function chooseRedis(env: NodeJS.ProcessEnv): Promise<RedisChoice> {
  const only = env['TEST_REDIS_FROM'] ?? '';
  const own = await firstThatWorks(only);
  const rest = { own, startProcess: await processesFrom(only) };
  const url = env['TEST_REDIS_URL'];
  if (url === undefined || url === '') return { shared: own, ...rest };
  await mustAnswer(url);
  return { shared: { name: 'TEST_REDIS_URL', start: async () => ({ url, dispose: async () => {} }) }, ...rest };
}

/** The program of this machine, which starts faster; otherwise containers. */
async function processesFrom(only: string): Promise<RedisChoice['startProcess']> {
  const server = only === 'containers' || only === 'none' ? null : ((await fromPath()) ?? (await fromApt()));
  if (server !== null) return startProcess;
  // Only on Linux do containers share the network of the machine.
  if (only === 'server' || only === 'none' || process.platform !== 'linux') return null;
  return (await fromContainers()) === null ? null : startProcessInContainer;
}

async function firstThatWorks(only: string): Promise<RedisWay | null> {
  switch (only) {
    case 'containers':
      return fromContainers();
    case 'server':
      return (await fromPath()) ?? (await fromApt());
    case 'none':
      return null;
    case '':
      return (await fromContainers()) ?? (await fromPath()) ?? (await fromApt());
    default:
      throw new Error(`TEST_REDIS_FROM is "${only}"; it can be "containers", "server" or "none"`);
  }
}

async function mustAnswer(url: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 3_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } catch {
    throw new Error('TEST_REDIS_URL is set, but no Redis answers there');
  } finally {
    client.disconnect();
  }
}
