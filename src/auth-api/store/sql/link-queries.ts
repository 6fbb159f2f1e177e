/** One-time links in SQL: codes of a purpose of their own, whose subject is the user. */
import type { Kysely } from 'kysely';
import type { LinkStore } from '../link-store.ts';
import { replaceCode } from './code-queries.ts';
import { lockEnabledUser, lockUser } from './row-locks.ts';
import { insertSession } from './session-queries.ts';
import type { Tables } from './tables.ts';

const purpose = 'link';

export function linkQueries(db: Kysely<Tables>): LinkStore {
  return {
    replace: (userId, { id, secretHash, countedAs, expireAtMs }) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, userId))) return false;
        await replaceCode(trx, { id, purpose, codeHash: secretHash, countedAs, expireAtMs }, { id: userId, userId });
        return true;
      }),

    async find(linkId, nowMs) {
      const row = await db
        .selectFrom('codes')
        .innerJoin('users', 'users.id', 'codes.user_id')
        .where('codes.id', '=', linkId)
        .where('codes.purpose', '=', purpose)
        .where('codes.expire_at', '>', nowMs)
        .where('users.enabled', '=', 1)
        .select(['users.id', 'codes.code_hash'])
        .executeTakeFirst();
      return row === undefined ? null : { userId: row.id, secretHash: row.code_hash };
    },

    use: (linkId, session, nowMs) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockEnabledUser(trx, session.userId))) return false;
        const { numDeletedRows } = await trx
          .deleteFrom('codes')
          .where('id', '=', linkId)
          .where('purpose', '=', purpose)
          .where('user_id', '=', session.userId)
          .where('expire_at', '>', nowMs)
          .executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        await insertSession(trx, session, null);
        return true;
      }),
  };
}
