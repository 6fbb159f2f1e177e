/** The store over any SQL database that kysely speaks to: the queries are the same, a dialect opens the database. */
import { type Dialect, Kysely, sql } from 'kysely';
import type { AuthStore } from '../auth-store.ts';
import { runMigrations } from '../migrations/run-migrations.ts';
import { codeQueries } from './code-queries.ts';
import { emailQueries } from './email-queries.ts';
import { keyPairQueries } from './keypair-queries.ts';
import { sessionQueries } from './session-queries.ts';
import { sweepExpired } from './sweep-expired.ts';
import type { Tables } from './tables.ts';
import { userQueries } from './user-queries.ts';

/** Brings the database to the current version first; rejects, with everything closed, when that fails. */
export async function createSqlStore(dialect: Dialect): Promise<AuthStore> {
  const db = new Kysely<Tables>({ dialect });
  try {
    await runMigrations(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return {
    users: userQueries(db),
    emails: emailQueries(db),
    sessions: sessionQueries(db),
    keyPairs: keyPairQueries(db),
    codes: codeQueries(db),
    sweep: (nowMs, limit) => sweepExpired(db, nowMs, limit),
    async ping() {
      await sql`select 1`.execute(db);
    },
    close: () => db.destroy(),
  };
}
