/**
 * PostgreSQL for tests: one server per run, and a new database for whoever asks. Where none is to be had the test that
 * asks is skipped, with the reason in the list at the end of the run; works inside a test, `beforeEach` and `beforeAll`.
 */
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { PostgresAnswer } from './postgres/postgres-broker.ts';
import { skipHere } from './skip-here.ts';

export interface TestDatabase {
  readonly url: string;
  /** Runs one statement as superuser, on a connection of its own. */
  query<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Removes every table. Nobody may be using them. */
  empty(): Promise<void>;
  /** Ends whoever is connected and removes the database. */
  dispose(): Promise<void>;
}

/** A new, empty database. Its locale sorts as people do, not as bytes, so that nothing comes to rely on either. */
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
