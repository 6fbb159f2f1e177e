/** The type of text columns. */
import { type Kysely, PostgresAdapter, type RawBuilder, sql } from 'kysely';

/**
 * In PostgreSQL text is compared byte by byte, as in SQLite, whatever the locale of the database: names sort alike, and
 * no index is spoilt by an update of the operating system's locales.
 */
export function textType(db: Kysely<unknown>): 'text' | RawBuilder<unknown> {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`text collate "C"` : 'text';
}
