/** Passkeys, recovery codes, used challenges, and how a session was opened. */
import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';
import { textType } from './text-type.ts';

export const passkeys: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    const text = textType(db);
    // Until now, every session was opened by a mailed code. A process of the version before still inserts such sessions.
    await schema
      .alterTable('sessions')
      .addColumn('opened_by', text, (column) => column.notNull().defaultTo('code'))
      .execute();
    await schema
      .createTable('passkeys')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
      .addColumn('credential_id', text, (column) => column.notNull().unique())
      .addColumn('public_key', text, (column) => column.notNull())
      .addColumn('counter', 'bigint', (column) => column.notNull())
      .addColumn('synced', 'integer', (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('last_used_at', 'bigint')
      .execute();
    await schema
      .createTable('recovery_codes')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
      .addColumn('code_hash', text, (column) => column.notNull().unique())
      .execute();
    await schema
      .createTable('used_challenges')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('expire_at', 'bigint', (column) => column.notNull())
      .execute();
    for (const [table, column] of indexes) {
      await schema.createIndex(`${table}_by_${column}`).on(table).column(column).execute();
    }
  },
};

const indexes = [
  ['passkeys', 'user_id'],
  ['recovery_codes', 'user_id'],
  ['used_challenges', 'expire_at'],
] as const;
