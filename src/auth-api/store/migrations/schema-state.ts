/** How the tables of a database compare with this program, for diagnosis: nothing is changed. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from '../sql/tables.ts';
import { migrationNames } from './run-migrations.ts';

export type SchemaState =
  | { readonly kind: 'current' }
  /** The start makes the tables. */
  | { readonly kind: 'empty' }
  /** The start brings them to the current version. */
  | { readonly kind: 'older' }
  /** A newer version of the program was here: this one does not start. */
  | { readonly kind: 'newer' }
  /** Another program has a table of this name. */
  | { readonly kind: 'foreign'; readonly table: string };

export const tableNames = Object.keys({
  users: true,
  user_roles: true,
  user_groups: true,
  emails: true,
  sessions: true,
  keypairs: true,
  codes: true,
} satisfies Record<keyof Tables, true>);

/** Where migrations that have run are recorded. */
const record = 'kysely_migration';

/** `schema`: in which tables are made; null: there is one only. Rejects as the store does. */
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
