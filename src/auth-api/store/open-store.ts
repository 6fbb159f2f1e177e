/** Opens the store of the database that the settings name, and loads the client of that kind alone. */
import type { AuthStore } from './auth-store.ts';

/** What is not such a URL is SQLite's. */
export const postgresUrl = /^postgres(?:ql)?:\/\//i;

/**
 * `database`: a `postgres://` or `postgresql://` URL; anything else is SQLite's: a path, a `file:` URI or `:memory:`.
 * Rejects when it cannot be opened or brought to the current version; no error repeats the URL.
 */
export async function openStore(database: string): Promise<AuthStore> {
  // With SQLite, the client of PostgreSQL need not be loaded.
  if (postgresUrl.test(database)) return (await import('./postgres-store.ts')).openPostgresStore(database);
  return (await import('./sqlite-store.ts')).openSqliteStore(database);
}
