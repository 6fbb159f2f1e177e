/** The store in one SQLite file or in memory: the default, for one process (`serving-lock.ts`), or with Redis a few on one machine. */
import { Kysely, SqliteAdapter, type SqliteDatabase, SqliteDialect } from 'kysely';
import type { AuthStore } from './auth-store.ts';
import { runMigrations } from './migrations/run-migrations.ts';
import { openNodeSqlite } from './node-sqlite-database.ts';
import { createSqlStore } from './sql/sql-store.ts';
import type { Tables } from './sql/tables.ts';

/** `database`: a path, a `file:` URI (RFC 8089) or `:memory:`. Rejects if it cannot be opened or migrated. */
export async function openSqliteStore(database: string): Promise<AuthStore> {
  const db = new Kysely<Tables>({ dialect: new TransactionalSqliteDialect(openNodeSqlite(database)) });
  try {
    await runMigrations(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return createSqlStore(db);
}

/**
 * SQLite can change tables within transactions, but kysely does not use that by default. With it, a migration is all or nothing,
 * and the transaction is the lock for processes that start together.
 */
export class TransactionalSqliteDialect extends SqliteDialect {
  constructor(database: SqliteDatabase) {
    super({ database });
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter();
  }
}

class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
