/** The store in PostgreSQL: for several processes on one or more machines. */
import { Kysely, PostgresDialect, sql } from 'kysely';
import type { AuthStore } from './auth-store.ts';
import { runMigrations } from './migrations/run-migrations.ts';
import { openPostgresPool, type PoolBounds } from './postgres-pool.ts';
import { createSqlStore } from './sql/sql-store.ts';
import type { Tables } from './sql/tables.ts';

const serving: PoolBounds = {
  connections: 10,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
};

/** A migration may rewrite large tables, and processes that start second wait for it. */
const migrating: PoolBounds = { ...serving, connections: 1, statementTimeoutMs: 10 * 60_000 };

/** Key of the advisory lock under which one process at a time migrates. The number is arbitrary. */
const migrationLock = 4_711_320_815;

/**
 * `url`: parsed as PostgreSQL's own clients do (`sslmode`, `sslrootcert` and so on in its query). Encrypted connections are always
 * verified, unless `sslmode` is `no-verify`. Rejects with `StoreUnavailableError` if the database does not respond, and also if it
 * cannot be migrated. No error repeats the URL.
 */
export async function openPostgresStore(url: string): Promise<AuthStore> {
  await migrate(url);
  return createSqlStore(openDatabase(url, serving));
}

async function migrate(url: string): Promise<void> {
  const db = openDatabase(url, migrating);
  try {
    await db.connection().execute(async (connection) => {
      // Locks before kysely creates its own tables, because doing so concurrently fails. Closing the connection releases the lock.
      await sql`select pg_advisory_lock(${migrationLock})`.execute(connection);
      await runMigrations(connection);
    });
  } finally {
    await db.destroy();
  }
}

/** Maximum connections of a process. */
export const connectionsOfProcess = serving.connections;

/** Connects on the first query. */
export function openDatabase(url: string, bounds: PoolBounds): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPostgresPool(url, bounds) }) });
}
