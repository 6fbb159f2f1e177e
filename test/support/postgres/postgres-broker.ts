/**
 * The one process of a test run that owns its PostgreSQL server. Test workers call it over loopback HTTP; it starts the
 * server on first use and ends it when the run ends.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { choosePostgres, noPostgres } from './choose-postgres.ts';
import type { RunningPostgres } from './running-postgres.ts';

export interface PostgresBroker {
  /** The address for workers. */
  readonly url: string;
  /** Starts the server now, rather than inside the first test that needs it. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** The URL of the server's database `postgres`, or the reason why the test is skipped. */
export type PostgresAnswer = { readonly url: string } | { readonly skip: string };

export async function startPostgresBroker(
  env: NodeJS.ProcessEnv,
  print: (line: string) => void,
): Promise<PostgresBroker> {
  let running: Promise<RunningPostgres | null> | undefined;
  const start = async () => {
    const way = await choosePostgres(env);
    print(`PostgreSQL for tests: ${way?.name ?? `none (${noPostgres})`}`);
    return way === null ? null : way.start();
  };
  const use = () => {
    running ??= start();
    return running;
  };
  const server = createServer((_, response) => void reply(response, use));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    prepare: async () => {
      await use();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await (await running?.catch(() => null))?.dispose();
    },
  };
}

async function reply(response: ServerResponse, use: () => Promise<RunningPostgres | null>): Promise<void> {
  try {
    const server = await use();
    const answer: PostgresAnswer = server === null ? { skip: noPostgres } : { url: server.url };
    response.end(JSON.stringify(answer));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.message : String(error));
  }
}
