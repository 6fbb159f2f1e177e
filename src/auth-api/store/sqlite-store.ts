/** The store in one SQLite file, or in memory: the default, for one process or a few on one machine. */
import { SqliteAdapter, SqliteDialect } from 'kysely';
import type { AuthStore } from './auth-store.ts';
import { openNodeSqlite } from './node-sqlite-database.ts';
import { createSqlStore } from './sql/sql-store.ts';

/** `database`: a path, a `file:` URI (RFC 8089) or `:memory:`. Rejects when it cannot be opened or migrated. */
export async function openSqliteStore(database: string): Promise<AuthStore> {
  const opened = openNodeSqlite(database);
  return createSqlStore(new TransactionalSqliteDialect({ database: opened }));
}

/**
 * SQLite changes tables within transactions, which kysely does not make use of by itself. With it, a migration is all or
 * nothing, and the transaction is the lock under which processes that start together wait for each other.
 */
class TransactionalSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new TransactionalSqliteAdapter();
  }
}

class TransactionalSqliteAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}
