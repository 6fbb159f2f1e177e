/** The contract suite for the store in SQLite, in memory and in a file. */
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../../src/auth-api/store/sqlite-store.ts';
import { describeAuthStore } from './auth-store.ts';
import { user } from './auth-store-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'auth-store-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true }));

describeAuthStore('SQLite in memory', () => openSqliteStore(':memory:'));

describeAuthStore('SQLite in a file', () => {
  files += 1;
  return openSqliteStore(`file:${join(folder, `${files}.db`)}`);
});

describe('SQLite', () => {
  it('refuses a file that is not a database', async () => {
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

  it.each([
    ['a path', (path: string) => path],
    ['a file URI', (path: string) => `file:${path}`],
    [
      'a file URI with an authority, escapes and parameters',
      (path: string) => `file://localhost${path.replace('.', '%2E')}?mode=rwc`,
    ],
  ])('creates its files readable only by its own user: %s', async (name, databaseAt) => {
    const own = mkdtempSync(join(folder, 'own-'));
    const store = await openSqliteStore(databaseAt(join(own, 'own.db')));
    await store.users.create(user(name), null);
    const modes = readdirSync(own).map((file) => [file, (statSync(join(own, file)).mode & 0o777).toString(8)]);
    await store.close();
    expect(modes.sort()).toEqual([
      ['own.db', '600'],
      ['own.db-shm', '600'],
      ['own.db-wal', '600'],
    ]);
  });

  it('keeps the mode of an existing file', async () => {
    const file = join(folder, 'shared.db');
    await (await openSqliteStore(file)).close();
    chmodSync(file, 0o640);
    await (await openSqliteStore(file)).close();
    expect(statSync(file).mode & 0o777).toBe(0o640);
  });

  it('keeps its journal next to the data, so readers do not wait', async () => {
    const file = join(folder, 'wal.db');
    await (await openSqliteStore(file)).close();
    const database = new DatabaseSync(file);
    expect(database.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' });
    database.close();
  });
});
