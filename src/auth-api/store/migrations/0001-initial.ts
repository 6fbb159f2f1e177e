/** The first version of the tables. Never edit a migration that has been released; add a new one. */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { textType } from './text-type.ts';

export const initial: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    const { schema } = db;
    const text = textType(db);
    await schema
      .createTable('users')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('alias', text, (column) => column.notNull())
      .addColumn('alias_key', text, (column) => column.notNull().unique())
      .addColumn('full_name', text, (column) => column.notNull())
      .addColumn('enabled', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('verify_by', 'bigint')
      .execute();
    await namesOfUser(db, 'user_roles', 'role');
    await namesOfUser(db, 'user_groups', 'group_name');
    await belongsToUser(schema.createTable('emails'), text)
      .addColumn('address', text, (column) => column.notNull())
      .addColumn('address_key', text, (column) => column.notNull())
      .addColumn('preferred', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('verify_by', 'bigint')
      .addUniqueConstraint('emails_of_user', ['user_id', 'address_key'])
      .execute();
    await schema
      .createIndex('emails_verified')
      .unique()
      .on('emails')
      .column('address_key')
      .where(sql<boolean>`verify_by is null`)
      .execute();
    await schema
      .createTable('sessions')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('user_id', text, (column) => column.references('users.id').onDelete('cascade'))
      .addColumn('email_id', text, (column) => column.references('emails.id').onDelete('set null'))
      .addColumn('bearer_hash', text, (column) => column.notNull().unique())
      .addColumn('ip', text, (column) => column.notNull())
      .addColumn('user_agent', text, (column) => column.notNull())
      .addColumn('verified', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expire_at', 'bigint', (column) => column.notNull())
      .addColumn('ends_at', 'bigint', (column) => column.notNull())
      .execute();
    await belongsToUser(schema.createTable('keypairs'), text)
      .addColumn('api_key', text, (column) => column.notNull().unique())
      .addColumn('secret_hash', text, (column) => column.notNull())
      .addColumn('name', text, (column) => column.notNull())
      .addColumn('verified', 'integer', (column) => column.notNull())
      .addColumn('created_at', 'bigint', (column) => column.notNull())
      .addColumn('expire_at', 'bigint', (column) => column.notNull())
      .execute();
    await schema
      .createTable('codes')
      .addColumn('id', text, (column) => column.primaryKey())
      .addColumn('purpose', text, (column) => column.notNull())
      .addColumn('subject_id', text, (column) => column.notNull())
      .addColumn('user_id', text, (column) => column.references('users.id').onDelete('cascade'))
      .addColumn('code_hash', text, (column) => column.notNull())
      .addColumn('counted_as', text, (column) => column.notNull())
      .addColumn('tries', 'integer', (column) => column.notNull())
      .addColumn('expire_at', 'bigint', (column) => column.notNull())
      .execute();
    for (const [table, column] of indexes) {
      await schema.createIndex(`${table}_by_${column}`).on(table).column(column).execute();
    }
  },
};

/** Indexes besides the primary and unique keys, for listing, sweeping, paging and cascading deletes. */
const indexes = [
  ['users', 'verify_by'],
  ['users', 'created_at'],
  ['user_roles', 'role'],
  ['emails', 'address_key'],
  ['emails', 'verify_by'],
  ['sessions', 'user_id'],
  ['sessions', 'email_id'],
  ['sessions', 'ends_at'],
  ['sessions', 'created_at'],
  ['keypairs', 'user_id'],
  ['keypairs', 'expire_at'],
  ['keypairs', 'created_at'],
  ['codes', 'user_id'],
  ['codes', 'subject_id'],
  ['codes', 'expire_at'],
] as const;

function belongsToUser(
  table: CreateTableBuilder<string>,
  text: ReturnType<typeof textType>,
): CreateTableBuilder<string, 'id' | 'user_id'> {
  return table
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'));
}

async function namesOfUser(db: Kysely<unknown>, table: string, name: string): Promise<void> {
  const text = textType(db);
  await db.schema
    .createTable(table)
    .addColumn('user_id', text, (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn(name, text, (column) => column.notNull())
    .addPrimaryKeyConstraint(`${table}_key`, ['user_id', name])
    .execute();
}
