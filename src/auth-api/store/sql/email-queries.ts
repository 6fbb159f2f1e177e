/** E-mail addresses in SQL. */
import type { Kysely, Transaction } from 'kysely';
import type { EmailStore } from '../email-store.ts';
import { foldCase } from '../fold-case.ts';
import { putCode, useCode } from './code-queries.ts';
import type { Tables } from './tables.ts';

export function emailQueries(db: Kysely<Tables>): EmailStore {
  return {
    async findSignIn(address) {
      const row = await db
        .selectFrom('emails')
        .innerJoin('users', 'users.id', 'emails.user_id')
        .where('emails.address_key', '=', foldCase(address))
        .where('emails.verify_by', 'is', null)
        .where('users.enabled', '=', 1)
        .select(['emails.id', 'emails.user_id', 'emails.address'])
        .executeTakeFirst();
      return row === undefined ? null : { userId: row.user_id, emailId: row.id, address: row.address };
    },

    async findPreferred(userId) {
      const row = await db
        .selectFrom('emails')
        .where('user_id', '=', userId)
        .where('preferred', '=', 1)
        .select('address')
        .executeTakeFirst();
      return row?.address ?? null;
    },

    add: (email, code) =>
      db.transaction().execute(async (trx) => {
        await freeLapsedAddress(trx, email.address, email.createdAtMs);
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('emails')
          .values({
            id: email.id,
            user_id: email.userId,
            address: email.address,
            address_key: foldCase(email.address),
            preferred: 0,
            created_at: email.createdAtMs,
            verify_by: email.verifyByMs,
          })
          .onConflict((conflict) => conflict.column('address_key').doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows === 0n) return false;
        await putCode(trx, code, email);
        return true;
      }),

    renewCode: (address, userId, code, verifyByMs) =>
      db.transaction().execute(async (trx) => {
        const email = await trx
          .updateTable('emails')
          .set({ verify_by: verifyByMs })
          .where('address_key', '=', foldCase(address))
          .where('user_id', '=', userId)
          .where('verify_by', 'is not', null)
          .returning(['id', 'address'])
          .executeTakeFirst();
        if (email === undefined) return null;
        await putCode(trx, code, { id: email.id, userId });
        return email.address;
      }),

    verify: (codeId, nowMs) =>
      db.transaction().execute(async (trx) => {
        const emailId = await useCode(trx, codeId, 'email', nowMs);
        if (emailId === null) return false;
        const { numUpdatedRows } = await trx
          .updateTable('emails')
          .set({ verify_by: null })
          .where('id', '=', emailId)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }),

    async list(userId, nowMs) {
      const rows = await db
        .selectFrom('emails')
        .where('user_id', '=', userId)
        .where((eb) => eb.or([eb('verify_by', 'is', null), eb('verify_by', '>', nowMs)]))
        .orderBy('created_at')
        .orderBy('id')
        .select(['id', 'address', 'preferred', 'verify_by'])
        .execute();
      return rows.map((row) => ({
        emailId: row.id,
        address: row.address,
        preferred: row.preferred === 1,
        verified: row.verify_by === null,
      }));
    },

    prefer: (emailId, userId) =>
      db.transaction().execute(async (trx) => {
        const email = await ownEmail(trx, emailId, userId);
        if (email === undefined) return 'unknown';
        if (email.verify_by !== null) return 'unverified';
        await trx.updateTable('emails').set({ preferred: 0 }).where('user_id', '=', userId).execute();
        await trx.updateTable('emails').set({ preferred: 1 }).where('id', '=', emailId).execute();
        return 'done';
      }),

    remove: (emailId, userId) =>
      db.transaction().execute(async (trx) => {
        const email = await ownEmail(trx, emailId, userId);
        if (email === undefined) return 'unknown';
        if (email.preferred === 1) return 'preferred';
        await trx.deleteFrom('emails').where('id', '=', emailId).execute();
        await trx.deleteFrom('codes').where('subject_id', '=', emailId).execute();
        return 'done';
      }),
  };
}

/** An address whose time for verification is over is free again, also before the sweep comes by. */
export async function freeLapsedAddress(trx: Transaction<Tables>, address: string, nowMs: number): Promise<void> {
  await trx.deleteFrom('emails').where('address_key', '=', foldCase(address)).where('verify_by', '<=', nowMs).execute();
}

function ownEmail(trx: Transaction<Tables>, emailId: string, userId: string) {
  return trx
    .selectFrom('emails')
    .where('id', '=', emailId)
    .where('user_id', '=', userId)
    .select(['preferred', 'verify_by'])
    .executeTakeFirst();
}
