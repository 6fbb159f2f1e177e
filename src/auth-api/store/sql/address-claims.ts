/**
 * Who has an address. A verified address has one owner. Before that it has none: any number of registrations and users may
 * wait for a code at it, none keeps the others or its owner away, and the first whose code comes back gets it.
 */
import type { Transaction } from 'kysely';
import { lockUsers } from './row-locks.ts';
import type { Tables } from './tables.ts';

/** Locks whom an account at this address, and with this alias, would displace, and removes those who may go. */
export async function makeRoom(
  trx: Transaction<Tables>,
  account: { readonly addressKey: string; readonly aliasKey: string; readonly verified: boolean },
  nowMs: number,
): Promise<void> {
  const { addressKey, aliasKey, verified } = account;
  let displaced = trx
    .selectFrom('users')
    .where('alias_key', '=', aliasKey)
    .where('verify_by', '<=', nowMs)
    .select('users.id as id');
  if (verified) displaced = displaced.union(claimants(trx, addressKey));
  const locked = await lockUsers(trx, displaced);
  if (locked.length === 0) return;
  await trx.deleteFrom('users').where('id', 'in', locked).where('verify_by', '<=', nowMs).execute();
  if (verified) await endClaims(trx, addressKey, locked);
}

/** Locks who would be displaced by the code, with its owner, whichever kind of code it is. */
export async function lockForCode(trx: Transaction<Tables>, codeId: string): Promise<readonly string[]> {
  const owner = trx
    .selectFrom('codes')
    .innerJoin('users', 'users.id', 'codes.user_id')
    .where('codes.id', '=', codeId)
    .select('users.id as id');
  // The address is that of the session, or what the code verifies itself.
  const others = trx
    .selectFrom('codes')
    .leftJoin('sessions', 'sessions.id', 'codes.subject_id')
    .innerJoin('emails as own', (join) =>
      join.on((eb) => eb('own.id', '=', eb.fn.coalesce('sessions.email_id', 'codes.subject_id'))),
    )
    .innerJoin('emails as others', 'others.address_key', 'own.address_key')
    .where('codes.id', '=', codeId)
    .where('own.verify_by', 'is not', null)
    .select('others.user_id as id');
  return lockUsers(trx, owner.union(others));
}

/**
 * Makes the address its user's; claims of other users at it end. `locked`: of `lockForCode`. False: it is gone, or another
 * user has verified it first.
 */
export async function winAddress(
  trx: Transaction<Tables>,
  emailId: string,
  locked: readonly string[],
): Promise<boolean> {
  const own = await trx
    .selectFrom('emails')
    .where('id', '=', emailId)
    .select(['user_id', 'address_key', 'verify_by'])
    .executeTakeFirst();
  if (own === undefined) return false;
  if (own.verify_by === null) return true;
  if (await isOwned(trx, own.address_key)) return false;
  await trx.updateTable('emails').set({ verify_by: null }).where('id', '=', emailId).execute();
  const others = locked.filter((id) => id !== own.user_id);
  if (others.length > 0) await endClaims(trx, own.address_key, others);
  return true;
}

/** Whether the address is verified. */
export async function isOwned(trx: Transaction<Tables>, addressKey: string): Promise<boolean> {
  const owned = await trx
    .selectFrom('emails')
    .where('address_key', '=', addressKey)
    .where('verify_by', 'is', null)
    .select('id')
    .executeTakeFirst();
  return owned !== undefined;
}

/** Registrations that waited for this address go as a whole, and addresses that other users wanted to add. */
async function endClaims(trx: Transaction<Tables>, addressKey: string, userIds: readonly string[]): Promise<void> {
  const claims = trx
    .selectFrom('emails')
    .where('address_key', '=', addressKey)
    .where('verify_by', 'is not', null)
    .where('user_id', 'in', userIds);
  await trx.deleteFrom('codes').where('subject_id', 'in', claims.select('id')).execute();
  await trx
    .deleteFrom('users')
    .where('id', 'in', claims.select('user_id'))
    .where('verify_by', 'is not', null)
    .execute();
  await trx.deleteFrom('emails').where('id', 'in', claims.select('id')).execute();
}

function claimants(trx: Transaction<Tables>, addressKey: string) {
  return trx
    .selectFrom('users')
    .innerJoin('emails', 'emails.user_id', 'users.id')
    .where('emails.address_key', '=', addressKey)
    .where('emails.verify_by', 'is not', null)
    .select('users.id as id');
}
