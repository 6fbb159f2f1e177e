/** E-mail addresses in SQL. */
import type { Kysely, Transaction } from 'kysely';
import type { EmailStore } from '../email-store.ts';
import { foldCase } from '../fold-case.ts';
import { OwnerGoneError } from '../store-errors.ts';
import { isOwned, winAddress } from './address-claims.ts';
import { dropCodes, putCode, replaceCode, useCode } from './code-queries.ts';
import { locksRows, lockUser } from './row-locks.ts';
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

    add: (email, code, ofAnother) =>
      db.transaction().execute(async (trx) => {
        const addressKey = foldCase(email.address);
        if (!(await lockUser(trx, email.userId))) throw new OwnerGoneError();
        await trx
          .deleteFrom('emails')
          .where('user_id', '=', email.userId)
          .where('address_key', '=', addressKey)
          .where('verify_by', '<=', email.createdAtMs)
          .execute();
        const taken = await isOwned(trx, addressKey);
        if (taken && ofAnother === 'refused') return false;
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('emails')
          .values({
            id: email.id,
            user_id: email.userId,
            address: email.address,
            address_key: addressKey,
            preferred: 0,
            created_at: email.createdAtMs,
            verify_by: email.verifyByMs,
          })
          .onConflict((conflict) => conflict.doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows === 0n) return false;
        await putCode(trx, code, email);
        return true;
      }),

    renewCode: (address, userId, code, verifyByMs) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, userId))) return null;
        const email = await trx
          .updateTable('emails')
          .set({ verify_by: verifyByMs })
          .where('address_key', '=', foldCase(address))
          .where('user_id', '=', userId)
          .where('verify_by', 'is not', null)
          .returning(['id', 'address'])
          .executeTakeFirst();
        if (email === undefined) return null;
        await replaceCode(trx, code, { id: email.id, userId });
        return email.address;
      }),

    verify: (codeId, nowMs) =>
      db.transaction().execute(async (trx) => {
        const used = await useCode(trx, codeId, 'email', nowMs);
        if (used === null || !(await winAddress(trx, used.subjectId, used.locked))) return null;
        return used.subjectId;
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
        await endPendingSignIns(trx, emailId);
        await trx.deleteFrom('emails').where('id', '=', emailId).execute();
        await dropCodes(trx, emailId);
        return 'done';
      }),
  };
}

/** Locks the address: until the transaction ends, nothing changes it and no sign-in with it starts. */
async function ownEmail(trx: Transaction<Tables>, emailId: string, userId: string) {
  await lockUser(trx, userId);
  return trx
    .selectFrom('emails')
    .where('id', '=', emailId)
    .where('user_id', '=', userId)
    .select(['preferred', 'verify_by'])
    .$if(locksRows(trx), (query) => query.forUpdate())
    .executeTakeFirst();
}

/** Codes sent to the address prove nothing once it no longer belongs to the user. Verified sessions stay valid. */
async function endPendingSignIns(trx: Transaction<Tables>, emailId: string): Promise<void> {
  const pending = trx.selectFrom('sessions').where('email_id', '=', emailId).where('verified', '=', 0).select('id');
  await trx.deleteFrom('codes').where('subject_id', 'in', pending).execute();
  await trx.deleteFrom('sessions').where('id', 'in', pending).execute();
}
