/** Recovery codes in SQL. */
import type { Kysely } from 'kysely';
import type { RecoveryCodeStore } from '../recovery-code-store.ts';
import { OwnerGoneError } from '../store-errors.ts';
import { lockEnabledUser, lockUser } from './row-locks.ts';
import { insertSession } from './session-queries.ts';
import type { Tables } from './tables.ts';

export function recoveryCodeQueries(db: Kysely<Tables>): RecoveryCodeStore {
  return {
    replace: (userId, codes) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, userId))) throw new OwnerGoneError();
        await trx.deleteFrom('recovery_codes').where('user_id', '=', userId).execute();
        const rows = codes.map(({ id, codeHash }) => ({ id, user_id: userId, code_hash: codeHash }));
        if (rows.length > 0) await trx.insertInto('recovery_codes').values(rows).execute();
      }),

    async hashes(userId) {
      const unused = await db.selectFrom('recovery_codes').where('user_id', '=', userId).select('code_hash').execute();
      return unused.map(({ code_hash }) => code_hash);
    },

    async findUser(codeHashes) {
      const row = await db
        .selectFrom('recovery_codes')
        .innerJoin('users', 'users.id', 'recovery_codes.user_id')
        .where('recovery_codes.code_hash', 'in', codeHashes)
        .where('users.enabled', '=', 1)
        .select('users.id')
        .executeTakeFirst();
      return row?.id ?? null;
    },

    use: (codeHashes, session) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockEnabledUser(trx, session.userId))) return false;
        const { numDeletedRows } = await trx
          .deleteFrom('recovery_codes')
          .where('code_hash', 'in', codeHashes)
          .where('user_id', '=', session.userId)
          .executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        await insertSession(trx, session, null);
        return true;
      }),
  };
}
