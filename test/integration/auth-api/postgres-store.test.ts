/** The contract suite for the PostgreSQL store, and its specifics: start, types, text. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { migrationNames } from '../../../src/auth-api/store/migrations/run-migrations.ts';
import { openPostgresStore } from '../../../src/auth-api/store/postgres-store.ts';
import { describeAuthStore } from '../../contract/auth-store.ts';
import { nowMs, session, user } from '../../contract/auth-store-rows.ts';
import { type TestDatabase, usePostgres } from '../../support/postgres.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await usePostgres();
}, 60_000);

afterAll(async () => {
  // Undefined if there is no PostgreSQL and the suite was skipped.
  await database?.dispose();
});

describeAuthStore('PostgreSQL', async () => {
  await database.empty();
  return openPostgresStore(database.url);
});

describe('PostgreSQL', () => {
  const deadlocks = async () => {
    const sql = 'select deadlocks from pg_stat_database where datname = current_database()';
    return Number((await database.query<{ deadlocks: string }>(sql))[0]?.deadlocks);
  };

  it('had no deadlock in the suite above', async () => {
    expect(await deadlocks()).toBe(0);
  });

  it('is migrated once, however many processes start together', async () => {
    await database.empty();
    const stores = await Promise.all(Array.from({ length: 6 }, () => openPostgresStore(database.url)));
    expect(await database.query('select name from kysely_migration order by name')).toEqual(
      migrationNames.map((name) => ({ name })),
    );
    expect(await stores[0]?.users.create(user('ana'), null)).toBe('done');
    expect(await stores[5]?.users.findIdByEmail('ana@example.test')).not.toBeNull();
    await Promise.all(stores.map((store) => store.close()));
  });

  it('refuses a database of a newer version', async () => {
    await database.empty();
    await (await openPostgresStore(database.url)).close();
    await database.query("insert into kysely_migration values ('9999-newer', '2030-01-01T00:00:00.000Z')");
    await expect(openPostgresStore(database.url)).rejects.toThrow(/current version/);
  });

  it('compares text by bytes, whatever the locale of the database', async () => {
    await database.empty();
    const store = await openPostgresStore(database.url);
    onTestFinished(() => store.close());
    const ana = user('ana', { roles: ['b', 'A', 'a', 'B', 'a-b', 'ab'] });
    await store.users.create(ana, null);
    expect(await store.users.roles(ana.id)).toEqual(['A', 'B', 'a', 'a-b', 'ab', 'b']);
    const text = `select table_name, column_name from information_schema.columns where table_schema = 'public'
      and data_type = 'text' and collation_name is distinct from 'C' and table_name not like 'kysely%'`;
    expect(await database.query(text)).toEqual([]);
  });

  it('stores times exactly, as numbers', async () => {
    await database.empty();
    const store = await openPostgresStore(database.url);
    onTestFinished(() => store.close());
    const ana = user('ana');
    await store.users.create(ana, null);
    const theirs = session(ana, { expireAtMs: Number.MAX_SAFE_INTEGER });
    await store.sessions.create(theirs, null);
    expect((await store.sessions.findLive([theirs.bearerHash], nowMs))?.expireAtMs).toBe(Number.MAX_SAFE_INTEGER);
  });
});
