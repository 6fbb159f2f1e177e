/**
 * Row locks of PostgreSQL. One rule prevents deadlocks: a transaction that changes more than one row first locks all users
 * concerned in one statement, in the order of their ids. It changes rows of a user only under that lock. SQLite has one writer at a
 * time, so there the same statements only read.
 */
import { type Kysely, PostgresAdapter, type SelectQueryBuilder, type Transaction } from 'kysely';
import type { Tables } from './tables.ts';

/** Whether the database locks rows instead of the whole database. */
export function locksRows<Any>(db: Kysely<Any>): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

/** Waits for other transactions that change rows of this user, and blocks new ones. False: there is no such user. */
export async function lockUser(trx: Transaction<Tables>, userId: string): Promise<boolean> {
  const user = await trx
    .selectFrom('users')
    .where('id', '=', userId)
    .select('id')
    .$if(locksRows(trx), (query) => query.forNoKeyUpdate())
    .executeTakeFirst();
  return user !== undefined;
}

/** As `lockUser`; also false for a disabled user. */
export async function lockEnabledUser(trx: Transaction<Tables>, userId: string): Promise<boolean> {
  if (!(await lockUser(trx, userId))) return false;
  const user = await trx
    .selectFrom('users')
    .where('id', '=', userId)
    .where('enabled', '=', 1)
    .select('id')
    .executeTakeFirst();
  return user !== undefined;
}

/** Locks the users whose ids the query returns, so that they can be removed. Returns their ids. */
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
 * Prevents removal of a new row's owner until the row exists, while other transactions may add rows of the same owner. False: user
 * or address have been removed. The work is the same in both cases, so timing does not reveal a decoy.
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
 * Locks the owner of a session, key pair or passkey before the row itself. Returns the owner; null: the row is a decoy; undefined: there is
 * no such row.
 */
export async function lockOwnerOf(
  trx: Transaction<Tables>,
  table: 'sessions' | 'keypairs' | 'codes' | 'passkeys',
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
