/** The common interface of every PostgreSQL source: a running server whose superuser may create databases. */
import { Client } from 'pg';

export interface RunningPostgres {
  /** URL of the database `postgres`, with the password. */
  readonly url: string;
  /** Ends the server and removes every trace. */
  dispose(): Promise<void>;
}

/** A source of PostgreSQL that works on this machine. */
export interface PostgresWay {
  /** For the line that reports where PostgreSQL comes from, such as `testcontainers postgres:17-alpine`. */
  readonly name: string;
  start(): Promise<RunningPostgres>;
}

/** Room for the pools of several test files and processes at once; nothing needs to survive a crash. */
export const postgresArguments = [
  'max_connections=200',
  'log_min_messages=warning',
  'fsync=off',
  'full_page_writes=off',
].flatMap((setting) => ['-c', setting]);

/** Resolves when a PostgreSQL responds there; rejects when it does not in time, or as soon as `alive` returns false. */
export async function untilAnswers(url: string, alive = () => true, timeoutMs = 30_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await answers(url))) {
    if (!alive() || Date.now() > deadline) throw new Error(`No PostgreSQL answered within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
