/** Chooses the store that the settings name. */
import type { AuthStore } from './auth-store.ts';

const postgresUrl = /^postgres(?:ql)?:\/\//i;

/**
 * `database`: a `postgres://` or `postgresql://` URL; anything else is SQLite's: a path, a `file:` URI or `:memory:`.
 * Rejects when it cannot be opened or brought to the current version; no error repeats the URL.
 */
export async function openStore(database: string): Promise<AuthStore> {
  // With SQLite, the client of PostgreSQL need not be loaded.
  if (postgresUrl.test(database)) return (await import('./postgres-store.ts')).openPostgresStore(database);
  return (await import('./sqlite-store.ts')).openSqliteStore(database);
}
