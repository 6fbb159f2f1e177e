/** Passkeys in SQL. */
import type { Kysely, Transaction } from 'kysely';
import type { AnsweredChallenge, PasskeyStore } from '../passkey-store.ts';
import { OwnerGoneError } from '../store-errors.ts';
import { dropLink } from './code-queries.ts';
import { lockEnabledUser, lockOwnerOf, lockUser } from './row-locks.ts';
import { insertSession } from './session-queries.ts';
import type { Tables } from './tables.ts';

export function passkeyQueries(db: Kysely<Tables>): PasskeyStore {
  return {
    add: (passkey, challenge, max) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, passkey.userId))) throw new OwnerGoneError();
        if (!(await useChallenge(trx, challenge))) return 'replayed';
        const present = await trx.selectFrom('passkeys').where('user_id', '=', passkey.userId).select('id').execute();
        if (present.length >= max) return 'full';
        const { numInsertedOrUpdatedRows } = await trx
          .insertInto('passkeys')
          .values({
            id: passkey.id,
            user_id: passkey.userId,
            credential_id: passkey.credentialId,
            public_key: passkey.publicKey,
            counter: passkey.counter,
            synced: passkey.synced ? 1 : 0,
            name: passkey.name,
            created_at: passkey.createdAtMs,
            last_used_at: null,
          })
          .onConflict((conflict) => conflict.column('credential_id').doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return 'taken';
        await dropLink(trx, passkey.userId);
        return 'done';
      }),

    async findSignIn(credentialId) {
      const row = await db
        .selectFrom('passkeys')
        .innerJoin('users', 'users.id', 'passkeys.user_id')
        .where('passkeys.credential_id', '=', credentialId)
        .where('users.enabled', '=', 1)
        .select(['passkeys.id', 'passkeys.user_id', 'passkeys.public_key', 'passkeys.counter', 'passkeys.synced'])
        .executeTakeFirst();
      if (row === undefined) return null;
      const { id, user_id, public_key, counter, synced } = row;
      return { passkeyId: id, userId: user_id, credentialId, publicKey: public_key, counter, synced: synced === 1 };
    },

    use: (passkeyId, { counter, atMs, challenge }, session) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockEnabledUser(trx, session.userId ?? ''))) return 'gone';
        const passkey = await trx
          .selectFrom('passkeys')
          .where('id', '=', passkeyId)
          .where('user_id', '=', session.userId)
          .select('counter')
          .executeTakeFirst();
        if (passkey === undefined) return 'gone';
        if (!(await useChallenge(trx, challenge))) return 'replayed';
        // WebAuthn Level 3 section 7.2 step 22. Authenticators that do not count always send 0.
        if ((counter > 0 || passkey.counter > 0) && counter <= passkey.counter) return 'cloned';
        await trx.updateTable('passkeys').set({ counter, last_used_at: atMs }).where('id', '=', passkeyId).execute();
        await insertSession(trx, session, null, passkeyId);
        return 'done';
      }),

    async list(userId) {
      const rows = await db
        .selectFrom('passkeys')
        .where('user_id', '=', userId)
        .orderBy('created_at')
        .orderBy('id')
        .select(['id', 'name', 'synced', 'created_at', 'last_used_at'])
        .execute();
      return rows.map((row) => ({
        passkeyId: row.id,
        name: row.name,
        synced: row.synced === 1,
        createdAtMs: row.created_at,
        lastUsedAtMs: row.last_used_at,
      }));
    },

    async credentialIds(userId) {
      const rows = await db.selectFrom('passkeys').where('user_id', '=', userId).select('credential_id').execute();
      return rows.map(({ credential_id }) => credential_id);
    },

    async rename(passkeyId, userId, name) {
      const { numUpdatedRows } = await db
        .updateTable('passkeys')
        .set({ name })
        .where('id', '=', passkeyId)
        .where('user_id', '=', userId)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    remove: (passkeyId, userId, keptSession) =>
      db.transaction().execute(async (trx) => {
        if ((await lockOwnerOf(trx, 'passkeys', passkeyId)) !== userId) return null;
        const { numDeletedRows } = await trx.deleteFrom('passkeys').where('id', '=', passkeyId).executeTakeFirst();
        if (numDeletedRows === 0n) return null;
        const ended = await trx
          .deleteFrom('sessions')
          .where('user_id', '=', userId)
          .where('passkey_id', '=', passkeyId)
          .$if(keptSession !== null, (query) => query.where('id', '!=', keptSession))
          .returning('id')
          .execute();
        return ended.map(({ id }) => id);
      }),
  };
}

/** False: the challenge was answered before. It stays used even if the rest of the transaction refuses. */
async function useChallenge(trx: Transaction<Tables>, { id, expireAtMs }: AnsweredChallenge): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto('used_challenges')
    .values({ id, expire_at: expireAtMs })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}
