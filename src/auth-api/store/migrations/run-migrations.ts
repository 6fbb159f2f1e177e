/**
 * Migrates a database to the newest version at start. kysely runs pending migrations in one transaction under a lock, so processes
 * that start together do not collide.
 */
import type { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { StoreUnavailableError } from '../store-errors.ts';
import { initial } from './0001-initial.ts';
import { passkeys } from './0002-passkeys.ts';
import { sessionsOfPasskeys } from './0003-sessions-of-passkeys.ts';

/** In the order of their names. Never change a name once it has been released. */
const migrations: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-passkeys': passkeys,
  '0003-sessions-of-passkeys': sessionsOfPasskeys,
};

export const migrationNames: readonly string[] = Object.keys(migrations);

/** Rejects if a migration fails, or if the database is newer than this program. */
export async function runMigrations<Tables>(db: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (error instanceof StoreUnavailableError) throw error;
  const why = error instanceof Error ? error.message : String(error);
  throw new Error(`the database could not be brought to the current version: ${why}`, { cause: error });
}
