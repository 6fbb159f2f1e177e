/** The contract suite for the store in SQLite, in memory and in a file. */
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
});
