/** Verification codes in SQL. */
import { type Kysely, sql, type Transaction } from 'kysely';
import type { CodePurpose, CodeStore, NewCode } from '../code-store.ts';
import { lockForCode } from './address-claims.ts';
import type { Tables } from './tables.ts';

export function codeQueries(db: Kysely<Tables>): CodeStore {
  return {
    async find({ codeId, purpose, userId }, nowMs) {
      let query = db
        .selectFrom('codes')
        .where('id', '=', codeId)
        .where('purpose', '=', purpose)
        .where('expire_at', '>', nowMs)
        .select(['counted_as', 'user_id', 'tries', 'expire_at']);
      if (userId !== null) query = query.where('user_id', '=', userId);
      const row = await query.executeTakeFirst();
      if (row === undefined) return null;
      return { countedAs: row.counted_as, userId: row.user_id, tries: row.tries, expireAtMs: row.expire_at };
    },

    async claimTry({ codeId, purpose, userId, maxTries }, nowMs) {
      let query = db
        .updateTable('codes')
        .set({ tries: sql`tries + 1` })
        .where('id', '=', codeId)
        .where('purpose', '=', purpose)
        .where('expire_at', '>', nowMs)
        .returning(['code_hash', 'tries', 'expire_at']);
      if (userId !== null) query = query.where('user_id', '=', userId);
      const row = await query.executeTakeFirst();
      if (row === undefined) return null;
      return { codeHash: row.tries > maxTries ? null : row.code_hash, expireAtMs: row.expire_at };
    },
  };
}

/** Stores the first code of a subject. */
export async function putCode(
  trx: Transaction<Tables>,
  code: NewCode,
  subject: { id: string; userId: string | null },
): Promise<void> {
  await trx
    .insertInto('codes')
    .values({
      id: code.id,
      purpose: code.purpose,
      subject_id: subject.id,
      user_id: subject.userId,
      code_hash: code.codeHash,
      counted_as: code.countedAs,
      tries: 0,
      expire_at: code.expireAtMs,
    })
    .execute();
}

/** Stores a new code for a subject whose user is locked. Its earlier codes become invalid. */
export async function replaceCode(
  trx: Transaction<Tables>,
  code: NewCode,
  subject: { id: string; userId: string },
): Promise<void> {
  await dropCodes(trx, subject.id);
  await putCode(trx, code, subject);
}

/** Deletes the one-time link of a locked user, whose subject it is. */
export function dropLink(trx: Transaction<Tables>, userId: string): Promise<void> {
  return dropCodes(trx, userId);
}

export async function dropCodes(trx: Transaction<Tables>, subjectId: string): Promise<void> {
  await trx.deleteFrom('codes').where('subject_id', '=', subjectId).execute();
}

interface UsedCode {
  /** Id of what the code verifies. */
  readonly subjectId: string;
  /** Its user, and the users that its use may displace. */
  readonly locked: readonly string[];
}

/** Deletes the code; null for every caller but the first. */
export async function useCode(
  trx: Transaction<Tables>,
  codeId: string,
  purpose: CodePurpose,
  nowMs: number,
): Promise<UsedCode | null> {
  const locked = await lockForCode(trx, codeId);
  const row = await trx
    .deleteFrom('codes')
    .where('id', '=', codeId)
    .where('purpose', '=', purpose)
    .where('expire_at', '>', nowMs)
    .returning('subject_id')
    .executeTakeFirst();
  return row === undefined ? null : { subjectId: row.subject_id, locked };
}
