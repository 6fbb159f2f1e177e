/**
 * What was reserved and never verified in time is free again, also before the sweep comes by: a whole registration, or
 * an address that a user wanted to add.
 */
import type { Transaction } from 'kysely';
import { foldCase } from '../fold-case.ts';
import { OwnerGoneError } from '../store-errors.ts';
import { lockUsers } from './row-locks.ts';
import type { Tables } from './tables.ts';

interface Wanted {
  readonly address: string;
  /** Null: only the address is wanted. */
  readonly alias: string | null;
  /** Who wants the address, when that user is there already. */
  readonly userId: string | null;
}

/** Takes every lock that the insertion which follows needs. Throws `OwnerGoneError` when `userId` is gone. */
export async function freeLapsed(trx: Transaction<Tables>, wanted: Wanted, nowMs: number): Promise<void> {
  const addressKey = foldCase(wanted.address);
  let concerned = trx
    .selectFrom('emails')
    .where('address_key', '=', addressKey)
    .where('verify_by', '<=', nowMs)
    .select('user_id as id');
  if (wanted.alias !== null) {
    const aliasKey = foldCase(wanted.alias);
    concerned = concerned.unionAll(
      trx.selectFrom('users').where('alias_key', '=', aliasKey).where('verify_by', '<=', nowMs).select('id'),
    );
  }
  if (wanted.userId !== null) {
    concerned = concerned.unionAll(trx.selectFrom('users').where('id', '=', wanted.userId).select('id'));
  }
  const locked = await lockUsers(trx, concerned);
  if (wanted.userId !== null && !locked.includes(wanted.userId)) throw new OwnerGoneError();
  if (locked.length === 0) return;
  await trx.deleteFrom('users').where('id', 'in', locked).where('verify_by', '<=', nowMs).execute();
  await trx
    .deleteFrom('emails')
    .where('address_key', '=', addressKey)
    .where('user_id', 'in', locked)
    .where('verify_by', '<=', nowMs)
    .execute();
}
