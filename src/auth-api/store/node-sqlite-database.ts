/**
 * `node:sqlite` with the interface that kysely's SQLite dialect expects (that of better-sqlite3). Statements are prepared once per
 * text and kept in a bounded cache. A statement always finishes before another begins, so sharing one is safe.
 */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';
import { StoreUnavailableError } from './store-errors.ts';

const maxStatements = 200;

/** Opens or creates the file. Throws if it cannot be opened or is not a database. */
export function openNodeSqlite(path: string): SqliteDatabase {
  createPrivately(path);
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5_000 });
  // Write-ahead logging: readers in other processes never wait for a writer. Full synchronization: an acknowledged revocation
  // survives a power failure.
  database.exec('pragma journal_mode = wal; pragma synchronous = full');
  return inShapeOfKysely(database);
}

/** Opens an existing file and changes nothing in it. `waitMs`: how long to wait for other processes that lock it. */
export function openExistingSqlite(path: string, waitMs: number): SqliteDatabase {
  return inShapeOfKysely(new DatabaseSync(path, { timeout: waitMs }));
}

function inShapeOfKysely(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      // A deferred transaction that reads before it writes fails at once if another process wrote in between, instead of waiting.
      // All transactions here write.
      const statement = wrapStatement(attempt(() => database.prepare(sql === 'begin' ? 'begin immediate' : sql)));
      if (statements.size >= maxStatements) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

/**
 * SQLite creates a new file with all permissions that the umask allows, and gives its journal the mode of the file. So a missing
 * file is created first, accessible only to this process's user.
 */
export function createPrivately(database: string): void {
  try {
    const file = fileOf(database);
    if (file !== null) closeSync(openSync(file, 'wx', 0o600));
  } catch {
    // The file exists or cannot be created. Opening it reports the cause.
  }
}

/** Null: SQLite creates no file. Parses URIs as SQLite does (sqlite.org/uri.html). */
export function fileOf(database: string): string | null {
  const uri = /^file:(?:\/\/(?:localhost)?(?=\/))?([^?#]*)(?:\?([^#]*))?/.exec(database);
  const path = uri === null ? database : decodeURIComponent(uri[1] ?? '');
  const mode = new URLSearchParams(uri?.[2] ?? '').get('mode');
  if (path === '' || path === ':memory:') return null;
  return mode === null || mode === 'rwc' ? path : null;
}

function wrapStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => attempt(() => statement.all(...parameters.map(toInput))),
    run: (parameters) => attempt(() => statement.run(...parameters.map(toInput))),
    iterate: (parameters) => statement.iterate(...parameters.map(toInput)),
  };
}

/** Primary result codes of SQLite (sqlite.org/rescode.html) after which a later retry may succeed. */
const unavailable: ReadonlyMap<number, string> = new Map([
  [5, 'another process holds the file'],
  [6, 'another process holds a table'],
  [8, 'it is read-only'],
  [10, 'its disk fails'],
  [13, 'its disk is full'],
  [14, 'its file cannot be opened'],
]);

function attempt<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const { errcode } = error as { errcode?: number };
    const reason = unavailable.get((errcode ?? 0) & 0xff);
    throw reason === undefined ? error : new StoreUnavailableError(reason);
  }
}

/** Accepts only types that the tables contain. Anything else is a bug in the query. */
function toInput(value: unknown): SQLInputValue {
  if (value === null || typeof value === 'string' || typeof value === 'number') return value;
  throw new TypeError(`a ${typeof value} cannot be a query parameter`);
}
