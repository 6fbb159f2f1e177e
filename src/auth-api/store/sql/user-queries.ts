/** Users with their roles and groups in SQL. */
import type { Kysely, Transaction } from 'kysely';
import { foldCase } from '../fold-case.ts';
import type { CreateUserOutcome, NewUser, UserStore } from '../user-store.ts';
import { freeLapsedAddress } from './email-queries.ts';
import { insertSession } from './session-queries.ts';
import type { Tables } from './tables.ts';
import { findUserEntry, pageOfUsers } from './user-entries.ts';

/** Thrown inside a transaction to undo it. */
class Taken extends Error {
  override readonly name = 'Taken';
}

export function userQueries(db: Kysely<Tables>): UserStore {
  return {
    async create(user, first) {
      try {
        return await db.transaction().execute(async (trx): Promise<CreateUserOutcome> => {
          await freeLapsedUser(trx, user);
          if (!(await insertUser(trx, user))) return 'alias_taken';
          if (!(await insertFirstEmail(trx, user))) throw new Taken();
          await insertNames(trx, user);
          if (first !== null) await insertSession(trx, first.session, first.code);
          return 'done';
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

    async remove(userId) {
      const { numDeletedRows } = await db.deleteFrom('users').where('id', '=', userId).executeTakeFirst();
      return numDeletedRows > 0n;
    },

    find: (userId) => findUserEntry(db, userId),
    page: (filter, request) => pageOfUsers(db, filter, request),

    setEnabled: (userId, enabled) =>
      db.transaction().execute(async (trx) => {
        const { numUpdatedRows } = await trx
          .updateTable('users')
          .set({ enabled: enabled ? 1 : 0 })
          .where('id', '=', userId)
          .executeTakeFirst();
        if (!enabled) await trx.deleteFrom('sessions').where('user_id', '=', userId).execute();
        return numUpdatedRows > 0n;
      }),

    async roles(userId) {
      const user = await findUserEntry(db, userId);
      return user?.roles ?? null;
    },

    addRole: (userId, role) =>
      db.transaction().execute(async (trx) => {
        const user = await trx.selectFrom('users').where('id', '=', userId).select('id').executeTakeFirst();
        if (user === undefined) return false;
        await trx
          .insertInto('user_roles')
          .values({ user_id: userId, role })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        return true;
      }),

    async removeRole(userId, role) {
      const { numDeletedRows } = await db
        .deleteFrom('user_roles')
        .where('user_id', '=', userId)
        .where('role', '=', role)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

/** A registration that was never completed blocks neither its address nor its alias once its time is over. */
async function freeLapsedUser(trx: Transaction<Tables>, user: NewUser): Promise<void> {
  await trx
    .deleteFrom('users')
    .where('verify_by', '<=', user.createdAtMs)
    .where((eb) =>
      eb.or([
        eb('alias_key', '=', foldCase(user.alias)),
        eb('id', 'in', eb.selectFrom('emails').where('address_key', '=', foldCase(user.email)).select('user_id')),
      ]),
    )
    .execute();
  await freeLapsedAddress(trx, user.email, user.createdAtMs);
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

async function insertFirstEmail(trx: Transaction<Tables>, user: NewUser): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('emails')
    .values({
      id: user.emailId,
      user_id: user.id,
      address: user.email,
      address_key: foldCase(user.email),
      preferred: 1,
      created_at: user.createdAtMs,
      verify_by: user.verifyByMs,
    })
    .onConflict((conflict) => conflict.column('address_key').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

async function insertNames(trx: Transaction<Tables>, user: NewUser): Promise<void> {
  const roles = [...new Set(user.roles)].map((role) => ({ user_id: user.id, role }));
  const groups = [...new Set(user.groups)].map((group_name) => ({ user_id: user.id, group_name }));
  if (roles.length > 0) await trx.insertInto('user_roles').values(roles).execute();
  if (groups.length > 0) await trx.insertInto('user_groups').values(groups).execute();
}
