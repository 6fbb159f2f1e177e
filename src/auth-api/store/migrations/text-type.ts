/** The type of text columns, for every migration. */
import { type Kysely, PostgresAdapter, type RawBuilder, sql } from 'kysely';

/**
 * PostgreSQL compares text byte by byte, as SQLite does, regardless of the database's locale. So names sort alike, and an update of
 * the operating system's locales does not corrupt an index.
 */
export function textType(db: Kysely<unknown>): 'text' | RawBuilder<unknown> {
  return db.getExecutor().adapter instanceof PostgresAdapter ? sql`text collate "C"` : 'text';
}
