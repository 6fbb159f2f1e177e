/** The store's real queries in SQLite use indexes, however many rows there are. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, type SqliteDatabase } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMigrations } from '../../src/auth-api/store/migrations/run-migrations.ts';
import { openNodeSqlite } from '../../src/auth-api/store/node-sqlite-database.ts';
import { createSqlStore } from '../../src/auth-api/store/sql/sql-store.ts';
import type { Tables } from '../../src/auth-api/store/sql/tables.ts';
import { TransactionalSqliteDialect } from '../../src/auth-api/store/sqlite-store.ts';
import {
  distinct,
  isList,
  methodsOf,
  runEveryMethod,
  type Statement,
  statementsByAddress,
} from './auth-store-statements.ts';

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
      // Holders of one role are found by the role, and users of a name or an address by it, and then sorted.
      const byRole = statement.sql.includes('"role" = ?') ? /INDEX user_roles_by_role/ : null;
      const byStart = statement.sql.includes('between') ? /INDEX emails_by_address_key/ : null;
      const way = byRole ?? byStart ?? /USING INDEX \w+_by_created_at/;
      expect(
        steps.filter((step) => way.test(step)),
        steps.join('\n'),
      ).toHaveLength(1);
      expect(steps.filter((step) => step.startsWith('SCAN') && !way.test(step))).toEqual([]);
    }
  });

  it('follow every reference by an index when its target is removed', () => {
    const references = database
      .prepare(`select m.name as held, f."from" as name from sqlite_master m, pragma_foreign_key_list(m.name) f`)
      .all();
    expect(references.length).toBeGreaterThanOrEqual(7);
    for (const { held, name } of references) {
      const steps = plan({ sql: `select 1 from ${held} where ${name} = ?`, parameters: ['x'] });
      expect(steps).toEqual([expect.stringMatching(/^SEARCH/)]);
    }
  });

  it('are the same for a known and an unknown address', () => {
    expect(byAddress[0].length).toBeGreaterThan(12);
    expect(byAddress[1]).toEqual(byAddress[0]);
  });

  it('control: a full table scan is detected', () => {
    expect(plan({ sql: 'select id from users where full_name = ?', parameters: ['x'] })).toEqual(['SCAN users']);
  });
});

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
