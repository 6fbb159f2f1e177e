/**
 * Ownership of addresses. A verified address has one owner. An unverified one has none: any number of registrations and users may
 * wait for a code sent to it. No claim excludes the others or the owner, and the first verified code gets the address.
 */
import type { Transaction } from 'kysely';
import { lockUsers } from './row-locks.ts';
import type { Tables } from './tables.ts';

/** Locks the users that an account with this address and alias would displace, and removes those that may be removed. */
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

/** Locks the owner of the code and the users that its use would displace, for any kind of code. */
export async function lockForCode(trx: Transaction<Tables>, codeId: string): Promise<readonly string[]> {
  const owner = trx
    .selectFrom('codes')
    .innerJoin('users', 'users.id', 'codes.user_id')
    .where('codes.id', '=', codeId)
    .select('users.id as id');
  // The address is that of the session, or the one that the code itself verifies.
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
 * Gives the address to its user and ends the claims of other users. `locked`: result of `lockForCode`. False: the address no longer
 * exists, or another user verified it first.
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

/** Removes registrations that waited for this address, with all their rows, and the same address of users who wanted to add it. */
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
