/**
 * The one process of a test run that owns Redis servers. Test workers call it over loopback HTTP; it starts the shared
 * server on first use and ends every server when the run ends.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { chooseRedis, noOwnRedis, noRedis, noRedisServer, type RedisChoice } from './choose-redis.ts';
import type { RunningRedis } from './running-redis.ts';
import type { ProcessSpec } from './server-process.ts';

export interface RedisBroker {
  /** The address for workers. */
  readonly url: string;
  /** Makes the choice and starts the shared server now, rather than inside the first test that needs it. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** The broker's response: a value, or the reason why the test is skipped. */
export type BrokerAnswer = { readonly url: string; readonly id: number } | { readonly skip: string };

const verbs = ['stop', 'start', 'kill', 'pause', 'resume', 'dispose'] as const;
export type RedisVerb = (typeof verbs)[number];

export async function startRedisBroker(env: NodeJS.ProcessEnv, print: (line: string) => void): Promise<RedisBroker> {
  let choice: Promise<RedisChoice> | undefined;
  let shared: Promise<{ url: string; dispose(): Promise<void> } | null> | undefined;
  const own: RunningRedis[] = [];

  const choose = () => {
    choice ??= chooseRedis(env).then((made) => {
      print(`Redis for tests: ${made.shared?.name ?? `none (${noRedis})`}`);
      return made;
    });
    return choice;
  };
  const useShared = () => {
    shared ??= choose().then(async (made) => (made.shared === null ? null : made.shared.start()));
    return shared;
  };

  const answer = async (path: string, body: string): Promise<BrokerAnswer> => {
    if (path === '/shared') {
      const server = await useShared();
      return server === null ? { skip: noRedis } : { url: server.url, id: -1 };
    }
    if (path === '/own') {
      const made = await choose();
      if (made.own === null) return { skip: made.shared === null ? noRedis : noOwnRedis };
      const server = await made.own.start();
      return { url: server.url, id: own.push(server) - 1 };
    }
    if (path === '/process') {
      const { startProcess } = await choose();
      if (startProcess === null) return { skip: noRedisServer };
      const server = await startProcess(JSON.parse(body) as ProcessSpec);
      return { url: server.url, id: own.push(server) - 1 };
    }
    const [, id = '', wanted = ''] = path.split('/');
    const server = own[Number(id)];
    const verb = verbs.find((known) => known === wanted);
    if (server === undefined || verb === undefined) throw new Error(`The Redis broker does not know ${path}`);
    await server[verb]();
    return { url: server.url, id: Number(id) };
  };

  const server = createServer((request, response) => void reply(request, response, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}`,
    prepare: async () => {
      await useShared();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      const running = [...own, await shared?.catch(() => null)];
      await Promise.allSettled(running.map(async (one) => one?.dispose()));
    },
  };
}

async function reply(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (path: string, body: string) => Promise<BrokerAnswer>,
): Promise<void> {
  try {
    response.end(JSON.stringify(await answer(request.url ?? '/', await text(request))));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}
