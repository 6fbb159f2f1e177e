/** kysely's SQLite with `node:sqlite`, and with tables that change within transactions. */
import { SqliteAdapter, type SqliteDatabase, SqliteDialect } from 'kysely';

/**
 * SQLite changes tables within transactions, which kysely does not make use of by itself. With it, a migration is all or
 * nothing, and the transaction is the lock under which processes that start together wait for each other.
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
