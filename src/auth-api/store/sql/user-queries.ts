/** Users with their roles and groups in SQL. */
import type { Kysely, Transaction } from 'kysely';
import { foldCase } from '../fold-case.ts';
import type { ChangeUserOutcome, CreateUserOutcome, NewUser, UserStore } from '../user-store.ts';
import { makeRoom } from './address-claims.ts';
import { dropLink } from './code-queries.ts';
import { grantNames } from './grant-names.ts';
import { lockUser, lockUsers } from './row-locks.ts';
import { insertSession } from './session-queries.ts';
import type { Tables } from './tables.ts';
import { findTaken, findUserEntry, pageOfUsers } from './user-entries.ts';

/** Thrown inside a transaction to roll it back. */
class Taken extends Error {
  override readonly name = 'Taken';
}

export function userQueries(db: Kysely<Tables>): UserStore {
  return {
    async create(user, first) {
      try {
        return await db.transaction().execute(async (trx): Promise<CreateUserOutcome> => {
          const [addressKey, aliasKey] = [foldCase(user.email), foldCase(user.alias)];
          await makeRoom(trx, { addressKey, aliasKey, verified: user.verifyByMs === null }, user.createdAtMs);
          if (!(await insertUser(trx, user))) return 'alias_taken';
          const taken = !(await insertFirstEmail(trx, user));
          if (taken && first?.decoyIfTaken !== true) throw new Taken();
          await insertNames(trx, user);
          const owner = taken ? { userId: null, emailId: null } : {};
          if (first !== null) await insertSession(trx, { ...first.session, ...owner }, first.code);
          return taken ? 'email_taken' : 'done';
        });
      } catch (error) {
        if (error instanceof Taken) return 'email_taken';
        throw error;
      }
    },

    async findAlias(userId) {
      const row = await db
        .selectFrom('users')
        .where('id', '=', userId)
        .where('verify_by', 'is', null)
        .select('alias')
        .executeTakeFirst();
      return row?.alias ?? null;
    },

    async findIdByEmail(address) {
      const row = await db
        .selectFrom('emails')
        .where('address_key', '=', foldCase(address))
        .where('verify_by', 'is', null)
        .select('user_id')
        .executeTakeFirst();
      return row?.user_id ?? null;
    },

    findTaken: (account, nowMs) => findTaken(db, account, nowMs),

    remove: (userId, kept) =>
      db.transaction().execute(async (trx) => {
        if (kept !== undefined && (await isLastHolder(trx, userId, kept))) return 'last_holder';
        const { numDeletedRows } = await trx.deleteFrom('users').where('id', '=', userId).executeTakeFirst();
        return outcomeOf(numDeletedRows);
      }),

    find: (userId) => findUserEntry(db, userId),
    page: (filter, request) => pageOfUsers(db, filter, request),

    setEnabled: (userId, enabled, kept) =>
      db.transaction().execute(async (trx) => {
        if (!enabled && kept !== undefined && (await isLastHolder(trx, userId, kept))) return 'last_holder';
        const { numUpdatedRows } = await trx
          .updateTable('users')
          .set({ enabled: enabled ? 1 : 0 })
          .where('id', '=', userId)
          .executeTakeFirst();
        if (!enabled) {
          await trx.deleteFrom('sessions').where('user_id', '=', userId).execute();
          await dropLink(trx, userId);
        }
        return outcomeOf(numUpdatedRows);
      }),

    async roles(userId) {
      const user = await findUserEntry(db, userId);
      return user?.roles ?? null;
    },

    addRole: (userId, role) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, userId))) return false;
        await trx
          .insertInto('user_roles')
          .values({ user_id: userId, role })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        return true;
      }),

    grant: (userId, names) => grantNames(db, userId, names),

    removeRole: (userId, role, kept) =>
      db.transaction().execute(async (trx) => {
        if (role === kept && (await isLastHolder(trx, userId, role))) return 'last_holder';
        if (!(await lockUser(trx, userId))) return 'unknown';
        const { numDeletedRows } = await trx
          .deleteFrom('user_roles')
          .where('user_id', '=', userId)
          .where('role', '=', role)
          .executeTakeFirst();
        // It may have been made for the sake of this role.
        if (numDeletedRows > 0n) await dropLink(trx, userId);
        return outcomeOf(numDeletedRows);
      }),
  };
}

function outcomeOf(rows: bigint): ChangeUserOutcome {
  return rows > 0n ? 'done' : 'unknown';
}

async function insertUser(trx: Transaction<Tables>, user: NewUser): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('users')
    .values({
      id: user.id,
      alias: user.alias,
      alias_key: foldCase(user.alias),
      full_name: user.fullName,
      enabled: 1,
      created_at: user.createdAtMs,
      verify_by: user.verifyByMs,
    })
    .onConflict((conflict) => conflict.column('alias_key').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** False: another user has the address. Both cases run one statement, so timing does not reveal which. */
async function insertFirstEmail(trx: Transaction<Tables>, user: NewUser): Promise<boolean> {
  const addressKey = foldCase(user.email);
  const row = {
    id: user.emailId,
    user_id: user.id,
    address: user.email,
    address_key: addressKey,
    preferred: 1,
    created_at: user.createdAtMs,
    verify_by: user.verifyByMs,
  } as const;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('emails')
    .columns(Object.keys(row) as (keyof typeof row)[])
    .expression(
      trx
        .selectNoFrom((eb) => Object.entries(row).map(([name, value]) => eb.val(value).as(name)))
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('emails').where('address_key', '=', addressKey).where('verify_by', 'is', null).select('id'),
            ),
          ),
        ),
    )
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

async function insertNames(trx: Transaction<Tables>, user: NewUser): Promise<void> {
  const roles = [...new Set(user.roles)].map((role) => ({ user_id: user.id, role }));
  const groups = [...new Set(user.groups)].map((group_name) => ({ user_id: user.id, group_name }));
  if (roles.length > 0) await trx.insertInto('user_roles').values(roles).execute();
  if (groups.length > 0) await trx.insertInto('user_groups').values(groups).execute();
}

/**
 * Whether this user is the only enabled and verified one with the role. Unverified registrations do not count, because they may
 * lapse. Call this in the transaction that makes the change.
 */
async function isLastHolder(trx: Transaction<Tables>, userId: string, role: string): Promise<boolean> {
  // If two holders are removed at once, the second transaction waits here and then sees that the first holder is gone. The user is
  // locked with them even without the role, because it may gain or lose the role meanwhile.
  const self = trx.selectFrom('users').where('id', '=', userId).select('id');
  const holding = trx.selectFrom('user_roles').where('role', '=', role).select('user_id as id');
  await lockUsers(trx, self.union(holding));
  const holders = await trx
    .selectFrom('user_roles')
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .where('user_roles.role', '=', role)
    .where('users.enabled', '=', 1)
    .where('users.verify_by', 'is', null)
    .select('users.id')
    .limit(2)
    .execute();
  return holders.length === 1 && holders[0]?.id === userId;
}
