/**
 * Row locks of PostgreSQL. One rule keeps transactions free of deadlocks: one that changes more than one row locks the
 * users concerned first, all in one statement and in the order of their ids, and changes what belongs to a user only
 * under that lock. SQLite has one writer at a time, so there the same statements only read.
 */
import { type Kysely, PostgresAdapter, type SelectQueryBuilder, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Whether the database locks rows, rather than all of itself. */
export function locksRows<Any>(db: Kysely<Any>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Waits for others who change what belongs to this user, and keeps them waiting. False: there is no such user. */
export async function lockUser(trx: Transaction<Tables>, userId: string): Promise<boolean> {
  const user = await trx
    .selectFrom('users')
    .where('id', '=', userId)
    .select('id')
    .$if(locksRows(trx), (query) => query.forNoKeyUpdate())
    .executeTakeFirst();
  return user !== undefined;
}

/** Locks the users whose ids the query gives, so that they can be removed; returns who they are. */
export async function lockUsers(
  trx: Transaction<Tables>,
  which: SelectQueryBuilder<Tables, keyof Tables, { id: string }>,
): Promise<readonly string[]> {
  const users = await trx
    .selectFrom('users')
    .where('id', 'in', which)
    .orderBy('id')
    .select('id')
    .$if(locksRows(trx), (query) => query.forUpdate())
    .execute();
  return users.map(({ id }) => id);
}

/**
 * Keeps the owner of a new row from being removed until the row exists, while others may add rows of the same owner.
 * False: user or address have been removed. The work is the same in both cases, so that time does not tell a decoy.
 */
export async function keepOwner(trx: Transaction<Tables>, userId: string, emailId: string | null): Promise<boolean> {
  const user = await trx
    .selectFrom('users')
    .where('id', '=', userId)
    .select('id')
    .$if(locksRows(trx), (query) => query.forKeyShare())
    .executeTakeFirst();
  if (emailId === null) return user !== undefined;
  const email = await trx
    .selectFrom('emails')
    .where('id', '=', emailId)
    .select('id')
    .$if(locksRows(trx), (query) => query.forKeyShare())
    .executeTakeFirst();
  return user !== undefined && email !== undefined;
}

/**
 * Locks the owner of a session or key pair before the row itself. Returns the owner, null for a decoy's; undefined:
 * there is no such row.
 */
export async function lockOwnerOf(
  trx: Transaction<Tables>,
  table: 'sessions' | 'keypairs' | 'codes',
  id: string,
): Promise<string | null | undefined> {
  const row = await trx
    .selectFrom(table as 'sessions')
    .where('id', '=', id)
    .select('user_id')
    .executeTakeFirst();
  if (row === undefined || row.user_id === null) return row?.user_id;
  return (await lockUser(trx, row.user_id)) ? row.user_id : undefined;
}
