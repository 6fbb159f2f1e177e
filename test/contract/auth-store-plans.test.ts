/** What the store really asks of its database is answered by indexes, however many rows there are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient, type SqliteDatabase } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthStore } from '../../src/auth-api/store/auth-store.ts';
import { runMigrations } from '../../src/auth-api/store/migrations/run-migrations.ts';
import { openNodeSqlite } from '../../src/auth-api/store/node-sqlite-database.ts';
import { openPostgresPool } from '../../src/auth-api/store/postgres-pool.ts';
import { createSqlStore } from '../../src/auth-api/store/sql/sql-store.ts';
import type { Tables } from '../../src/auth-api/store/sql/tables.ts';
import { TransactionalSqliteDialect } from '../../src/auth-api/store/sqlite-store.ts';
import { type TestDatabase, usePostgres } from '../support/postgres.ts';
import { code, nowMs, session, user } from './auth-store-rows.ts';
import { distinct, isList, methodsOf, runEveryMethod, type Statement } from './auth-store-statements.ts';

/** What a sign-in and a registration ask of the database at a known address, and what at an unknown one. */
async function statementsByAddress(store: AuthStore, seen: Statement[]): Promise<[string[], string[]]> {
  const zoe = user('zoe');
  await store.users.create(zoe, null);
  const statementsOf = async (address: string) => {
    seen.length = 0;
    const found = await store.emails.findSignIn(address);
    await store.sessions.create(session(found === null ? null : zoe), code('session'));
    const made = user(`new-${found?.userId}`, { email: address, verifyByMs: nowMs + 2_000 });
    await store.users.findTaken(made, nowMs);
    const first = { session: session(made), code: code('session'), decoyIfTaken: true };
    expect(await store.users.create(made, first)).toBe(found === null ? 'done' : 'email_taken');
    return seen.map(({ sql }) => sql);
  };
  return [await statementsOf(zoe.email), await statementsOf('nobody@example.test')];
}

describe('plans of SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auth-store-'));
  const file = join(folder, 'plans.db');
  let statements: Statement[] = [];
  let byAddress: [known: string[], unknown: string[]];
  let database: DatabaseSync;

  beforeAll(async () => {
    const seen: Statement[] = [];
    const db = new Kysely<Tables>({
      dialect: new TransactionalSqliteDialect(recordSqlite(openNodeSqlite(file), seen)),
    });
    await runMigrations(db);
    seen.length = 0;
    const store = createSqlStore(db);
    expect((await runEveryMethod(store)).sort()).toEqual(methodsOf(store).sort());
    statements = distinct(seen);
    byAddress = await statementsByAddress(store, seen);
    await store.close();
    database = new DatabaseSync(file);
  });

  afterAll(() => {
    database.close();
    rmSync(folder, { recursive: true });
  });

  const plan = ({ sql, parameters }: Statement) =>
    database
      .prepare(`explain query plan ${sql}`)
      .all(...(parameters as SQLInputValue[]))
      .map(({ detail }) => String(detail));

  it('find rows by an index', () => {
    const asked = statements.filter((statement) => !isList(statement));
    expect(asked.length).toBeGreaterThan(40);
    const scans = asked.filter((statement) =>
      plan(statement).some((step) => /^SCAN (?!CONSTANT ROW|\d+-ROW VALUES)/.test(step)),
    );
    expect(scans.map(({ sql }) => sql)).toEqual([]);
  });

  it('page along an index, in its order', () => {
    const pages = statements.filter(({ sql }) => /\boffset\b/.test(sql));
    expect(pages.length).toBeGreaterThanOrEqual(4);
    for (const statement of pages) {
      const steps = plan(statement);
      // Holders of one role are found by the role, and then put in order.
      const way = statement.sql.includes('"role" = ?') ? /INDEX user_roles_by_role/ : /USING INDEX \w+_by_created_at/;
      expect(
        steps.filter((step) => way.test(step)),
        steps.join('\n'),
      ).toHaveLength(1);
      expect(steps.filter((step) => step.startsWith('SCAN') && !way.test(step))).toEqual([]);
    }
  });

  it('follow every reference by an index when what it refers to goes', () => {
    const references = database
      .prepare(`select m.name as held, f."from" as name from sqlite_master m, pragma_foreign_key_list(m.name) f`)
      .all();
    expect(references.length).toBeGreaterThanOrEqual(7);
    for (const { held, name } of references) {
      const steps = plan({ sql: `select 1 from ${held} where ${name} = ?`, parameters: ['x'] });
      expect(steps).toEqual([expect.stringMatching(/^SEARCH/)]);
    }
  });

  it('are the same for a known and for an unknown address', () => {
    expect(byAddress[0].length).toBeGreaterThan(12);
    expect(byAddress[1]).toEqual(byAddress[0]);
  });

  it('would tell a statement that reads a whole table', () => {
    expect(plan({ sql: 'select id from users where full_name = ?', parameters: ['x'] })).toEqual(['SCAN users']);
  });
});

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

  /** Tables that the plan reads from one end to the other. */
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

  it('are the same for a known and for an unknown address', () => {
    expect(byAddress[0].length).toBeGreaterThan(12);
    expect(byAddress[1]).toEqual(byAddress[0]);
  });

  it('would tell a statement that reads a whole table', async () => {
    expect(await scanned({ sql: 'select id from users where full_name = $1', parameters: ['x'] })).toEqual(['users']);
  });
});

/** Enough that the planner prefers an index where there is one; then what it knows about them. */
const someThousandRows = [
  `insert into users select 'u' || n, 'a' || n, 'a' || n, 'Full ' || n, 1, n, null from generate_series(1, 5000) n`,
  `insert into user_roles select 'u' || n, 'user' from generate_series(1, 5000) n`,
  `insert into user_groups select 'u' || n, 'public' from generate_series(1, 5000) n`,
  `insert into emails select 'e' || n, 'u' || n, n || '@x.test', n || '@x.test', 1, n, null from generate_series(1, 5000) n`,
  `insert into sessions select 's' || n, 'u' || (n % 5000 + 1), 'e' || (n % 5000 + 1), 'h' || n, '', '', 1, n,
    2000000000000 + n, 2000000000000 + n from generate_series(1, 20000) n`,
  `insert into keypairs select 'k' || n, 'u' || n, 'p' || n, 'h', 'Key', 1, n, 2000000000000 + n from generate_series(1, 5000) n`,
  `insert into codes select 'c' || n, 'session', 's' || n, 'u' || n, 'h', 'c', 0, 2000000000000 + n from generate_series(1, 5000) n`,
  'analyze',
];

function recordSqlite(database: SqliteDatabase, seen: Statement[]): SqliteDatabase {
  return {
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        reader: statement.reader,
        all(parameters) {
          seen.push({ sql, parameters });
          return statement.all(parameters);
        },
        run(parameters) {
          seen.push({ sql, parameters });
          return statement.run(parameters);
        },
        iterate: (parameters) => statement.iterate(parameters),
      };
    },
  };
}

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
