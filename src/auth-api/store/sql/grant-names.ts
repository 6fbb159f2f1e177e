/** Grants roles and groups to a user in SQL. */
import type { Kysely } from 'kysely';
import type { Names } from '../user-store.ts';
import { lockUser } from './row-locks.ts';
import type { Tables } from './tables.ts';

/** Returns what the user did not already have; null: there is no such user. */
export function grantNames(db: Kysely<Tables>, userId: string, names: Names): Promise<Names | null> {
  return db.transaction().execute(async (trx) => {
    if (!(await lockUser(trx, userId))) return null;
    const roles = [...new Set(names.roles)].map((role) => ({ user_id: userId, role }));
    const groups = [...new Set(names.groups)].map((group_name) => ({ user_id: userId, group_name }));
    const newRoles =
      roles.length === 0
        ? []
        : await trx
            .insertInto('user_roles')
            .values(roles)
            .onConflict((conflict) => conflict.doNothing())
            .returning('role')
            .execute();
    const newGroups =
      groups.length === 0
        ? []
        : await trx
            .insertInto('user_groups')
            .values(groups)
            .onConflict((conflict) => conflict.doNothing())
            .returning('group_name')
            .execute();
    return {
      roles: newRoles.map(({ role }) => role).sort(),
      groups: newGroups.map(({ group_name }) => group_name).sort(),
    };
  });
}
