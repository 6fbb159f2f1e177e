/** Opens the store for the database in the settings, and loads only the client of that kind. */
import type { AuthStore } from './auth-store.ts';

/** Any other text is for SQLite. */
export const postgresUrl = /^postgres(?:ql)?:\/\//i;

/**
 * `database`: a `postgres://` or `postgresql://` URL, or else for SQLite: a path, a `file:` URI or `:memory:`. Rejects if the
 * database cannot be opened or migrated. No error repeats the URL.
 */
export async function openStore(database: string): Promise<AuthStore> {
  // With SQLite, the PostgreSQL client is not loaded.
  if (postgresUrl.test(database)) return (await import('./postgres-store.ts')).openPostgresStore(database);
  return (await import('./sqlite-store.ts')).openSqliteStore(database);
}
