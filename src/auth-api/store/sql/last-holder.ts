/** Keeps a role from losing its last holder who can act. */
import type { Transaction } from 'kysely';
import { lockUsers } from './row-locks.ts';
import type { Tables } from './tables.ts';

/** Whether this user alone, among enabled ones, holds the role. Ask in the transaction that makes the change. */
export async function isLastHolder(trx: Transaction<Tables>, userId: string, role: string): Promise<boolean> {
  // When two holders go at the same time, the second waits here and then sees that the first is gone. The user is locked
  // with them even without the role, which it may be given or lose meanwhile.
  const self = trx.selectFrom('users').where('id', '=', userId).select('id');
  const holding = trx.selectFrom('user_roles').where('role', '=', role).select('user_id as id');
  await lockUsers(trx, self.union(holding));
  const holders = await trx
    .selectFrom('user_roles')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .where('user_roles.role', '=', role)
    .where('users.enabled', '=', 1)
    .select('users.id')
    .limit(2)
    .execute();
  return holders.length === 1 && holders[0]?.id === userId;
}
