/**
 * PostgreSQL for tests: one server per run, and a new database per call. Where none is available the test is skipped,
 * with the reason in the list at the end of the run; works inside a test, `beforeEach` and `beforeAll`.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { PostgresAnswer } from './postgres/postgres-broker.ts';
import { skipHere } from './skip-here.ts';

export interface TestDatabase {
  readonly url: string;
  /** Runs one statement as superuser, on a separate connection. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Removes every table. None may be in use. */
  empty(): Promise<void>;
  /** Disconnects every client and removes the database. */
  dispose(): Promise<void>;
}

/** A new, empty database. Its locale does not sort by bytes, so that no code relies on that. */
export async function usePostgres(): Promise<TestDatabase> {
  const server = await askBroker();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const create = `create database ${name} template template0 encoding 'UTF8'`;
  await run(server, `${create} locale_provider icu icu_locale 'en'`).catch(() => run(server, create));
  const url = new URL(server);
  url.pathname = `/${name}`;
  const query = <Row>(sql: string, parameters: readonly unknown[] = []) => run<Row>(url.href, sql, parameters);
  return {
    url: url.href,
    query,
    empty: async () => {
      await query('drop schema public cascade');
      await query('create schema public');
    },
    dispose: async () => {
      await run(server, `drop database ${name} with (force)`);
    },
  };
}

async function run<Row>(url: string, sql: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql, [...parameters])).rows as Row[];
  } finally {
    await client.end();
  }
}

async function askBroker(): Promise<string> {
  const response = await fetch(inject('postgresBroker'), { method: 'POST' });
  if (!response.ok) throw new Error(await response.text());
  const answer = (await response.json()) as PostgresAnswer;
  if ('skip' in answer) skipHere(answer.skip);
  return answer.url;
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresBroker: string;
  }
}
