/** Compares the tables of a database with this program, for diagnosis. Changes nothing. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../sql/tables.ts';
import { migrationNames } from './run-migrations.ts';

export type SchemaState =
  | { readonly kind: 'current' }
  /** The program creates the tables at start. */
  | { readonly kind: 'empty' }
  /** The program migrates them at start. */
  | { readonly kind: 'older' }
  /** A newer version of the program has migrated them, so this one does not start. */
  | { readonly kind: 'newer' }
  /** Another program has a table with this name. */
  | { readonly kind: 'foreign'; readonly table: string };

export const tableNames = Object.keys({
  users: true,
  user_roles: true,
  user_groups: true,
  emails: true,
  sessions: true,
  keypairs: true,
  codes: true,
  passkeys: true,
  recovery_codes: true,
  used_challenges: true,
} satisfies Record<keyof Tables, true>);

/** The table that records completed migrations. */
const record = 'kysely_migration';

/** `schema`: where tables are created; null: the database has only one. Rejects as the store does. */
export async function schemaState(db: Kysely<Tables>, schema: string | null): Promise<SchemaState> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  const names = new Set(tables.filter((table) => schema === null || table.schema === schema).map(({ name }) => name));
  if (!names.has(record)) {
    const table = tableNames.find((name) => names.has(name));
    return table === undefined ? { kind: 'empty' } : { kind: 'foreign', table };
  }
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(record)}`.execute(db);
  if (rows.some(({ name }) => !migrationNames.includes(name))) return { kind: 'newer' };
  return { kind: rows.length < migrationNames.length ? 'older' : 'current' };
}
