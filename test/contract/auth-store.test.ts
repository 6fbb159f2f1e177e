/** The contract suite for the store in SQLite, in memory and in a file; and that its look-ups use indexes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/auth-api/store/sqlite-store.ts';
import { describeAuthStore } from './auth-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'auth-store-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true }));

describeAuthStore('SQLite in memory', () => openSqliteStore(':memory:'));

describeAuthStore('SQLite in a file', () => {
  files += 1;
  return openSqliteStore(`file:${join(folder, `${files}.db`)}`);
});

describe('SQLite', () => {
  it('refuses a file that is no database', async () => {
    await expect(openSqliteStore(new URL(import.meta.url).pathname)).rejects.toThrow();
  });

  it('refuses a database of a newer version', async () => {
    const file = join(folder, 'newer.db');
    await (await openSqliteStore(file)).close();
    const database = new DatabaseSync(file);
    database.exec("insert into kysely_migration values ('9999-newer', '2030-01-01T00:00:00.000Z')");
    database.close();
    await expect(openSqliteStore(file)).rejects.toThrow(/current version/);
  });

  it('keeps its journal beside the data, so that readers do not wait', async () => {
    const file = join(folder, 'wal.db');
    await (await openSqliteStore(file)).close();
    const database = new DatabaseSync(file);
    expect(database.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });

  it.each([
    'select id from sessions where bearer_hash in (?, ?)',
    'select id from keypairs where api_key = ?',
    'select id from emails where address_key = ?',
    'select id from sessions where user_id = ?',
    'select id from keypairs where user_id = ?',
    'select role from user_roles where user_id = ?',
    'select group_name from user_groups where user_id = ?',
    'delete from codes where subject_id = ?',
    'delete from users where id = ?',
    'select id from sessions where ends_at <= ? limit 500',
    'select id from codes where expire_at <= ? limit 500',
    'select id from keypairs where expire_at <= ? limit 500',
    'select id from users where verify_by <= ? limit 500',
    'select id from emails where verify_by <= ? limit 500',
  ])('finds by an index: %s', async (query) => {
    const file = join(folder, 'plans.db');
    await (await openSqliteStore(file)).close();
    const database = new DatabaseSync(file);
    const plan = database.prepare(`explain query plan ${query}`).all();
    database.close();
    expect(plan.map(({ detail }) => String(detail)).filter((detail) => detail.startsWith('SCAN'))).toEqual([]);
    expect(plan.length).toBeGreaterThan(0);
  });
});
