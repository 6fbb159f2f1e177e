/** The store's real queries in PostgreSQL use indexes, however many rows there are. */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMigrations } from '../../../src/auth-api/store/migrations/run-migrations.ts';
import { openPostgresPool } from '../../../src/auth-api/store/postgres-pool.ts';
import { createSqlStore } from '../../../src/auth-api/store/sql/sql-store.ts';
import type { Tables } from '../../../src/auth-api/store/sql/tables.ts';
import {
  distinct,
  isList,
  methodsOf,
  runEveryMethod,
  type Statement,
  statementsByAddress,
} from '../../contract/auth-store-statements.ts';
import { type TestDatabase, usePostgres } from '../../support/postgres.ts';

describe('plans of PostgreSQL', () => {
  let database: TestDatabase;
  let statements: Statement[] = [];
  let byAddress: [known: string[], unknown: string[]];

  beforeAll(async () => {
    database = await usePostgres();
    const seen: Statement[] = [];
    const bounds = { connections: 1, connectTimeoutMs: 5_000, statementTimeoutMs: 30_000, idleTimeoutMs: 5_000 };
    const pool = recordPostgres(openPostgresPool(database.url, bounds), seen);
    const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
    await runMigrations(db);
    for (const sql of someThousandRows) await database.query(sql);
    seen.length = 0;
    const store = createSqlStore(db);
    expect((await runEveryMethod(store)).sort()).toEqual(methodsOf(store).sort());
    statements = distinct(seen);
    byAddress = await statementsByAddress(store, seen);
    await store.close();
  }, 60_000);

  afterAll(() => database?.dispose());

  /** Tables that the plan scans completely. */
  const scanned = async ({ sql, parameters }: Statement): Promise<string[]> => {
    const [row] = await database.query<{ 'QUERY PLAN': unknown }>(`explain (format json) ${sql}`, parameters);
    const text = JSON.stringify(row?.['QUERY PLAN']);
    return [...text.matchAll(/"Node Type":"Seq Scan".*?"Relation Name":"(\w+)"/g)].map(([, table]) => table ?? '');
  };

  it('find rows by an index', async () => {
    const asked = statements.filter((statement) => !isList(statement));
    expect(asked.length).toBeGreaterThan(40);
    const scans: [string, string[]][] = [];
    for (const statement of asked) scans.push([statement.sql, await scanned(statement)]);
    expect(scans.filter(([, tables]) => tables.length > 0)).toEqual([]);
  });

  it('page along an index', async () => {
    const pages = statements.filter(({ sql }) => /\boffset\b/.test(sql));
    expect(pages.length).toBeGreaterThanOrEqual(4);
    const scans: [string, string[]][] = [];
    for (const statement of pages) scans.push([statement.sql, await scanned(statement)]);
    expect(scans.filter(([, tables]) => tables.length > 0)).toEqual([]);
  });

  it('are the same for a known and an unknown address', () => {
    expect(byAddress[0].length).toBeGreaterThan(12);
    expect(byAddress[1]).toEqual(byAddress[0]);
  });

  it('control: a full table scan is detected', async () => {
    expect(await scanned({ sql: 'select id from users where full_name = $1', parameters: ['x'] })).toEqual(['users']);
  });
});

/** Enough rows for the planner to prefer an existing index, and then its statistics. */
const someThousandRows = [
  `insert into users select 'u' || n, 'a' || n, 'a' || n, 'Full ' || n, 1, n, null from generate_series(1, 5000) n`,
  `insert into user_roles select 'u' || n, 'user' from generate_series(1, 5000) n`,
  `insert into user_groups select 'u' || n, 'public' from generate_series(1, 5000) n`,
  `insert into emails select 'e' || n, 'u' || n, n || '@x.test', n || '@x.test', 1, n, null from generate_series(1, 5000) n`,
  `insert into sessions select 's' || n, 'u' || (n % 5000 + 1), 'e' || (n % 5000 + 1), 'h' || n, '', '', 1, n,
    2000000000000 + n, 2000000000000 + n, 'code' from generate_series(1, 20000) n`,
  `insert into keypairs select 'k' || n, 'u' || n, 'p' || n, 'h', 'Key', 1, n, 2000000000000 + n from generate_series(1, 5000) n`,
  `insert into codes select 'c' || n, 'session', 's' || n, 'u' || n, 'h', 'c', 0, 2000000000000 + n from generate_series(1, 5000) n`,
  `insert into passkeys select 'p' || n, 'u' || n, 'i' || n, 'k', 0, 1, 'Phone', n, null from generate_series(1, 5000) n`,
  `insert into recovery_codes select 'r' || n, 'u' || (n % 5000 + 1), 'h' || n from generate_series(1, 40000) n`,
  `insert into used_challenges select 'c' || n, 2000000000000 + n from generate_series(1, 5000) n`,
  'analyze',
];

function recordPostgres(pool: PostgresPool, seen: Statement[]): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const query = (sql: string, parameters: readonly unknown[]) => {
        seen.push({ sql, parameters });
        return client.query(sql, parameters);
      };
      return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
    },
  };
}
