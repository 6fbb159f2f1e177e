/** API key pairs in SQL. */
import type { Kysely } from 'kysely';
import type { KeyPairStore } from '../keypair-store.ts';
import { OwnerGoneError } from '../store-errors.ts';
import { dropCodes, putCode, replaceCode, useCode } from './code-queries.ts';
import { ownerColumns, toOwner } from './owner-columns.ts';
import { countRows, offsetOf } from './paging.ts';
import { keepOwner, lockOwnerOf } from './row-locks.ts';
import type { Tables } from './tables.ts';

const summary = [
  'keypairs.id',
  'keypairs.api_key',
  'keypairs.name',
  'keypairs.expire_at',
  'keypairs.verified',
] as const;

export function keyPairQueries(db: Kysely<Tables>): KeyPairStore {
  return {
    create: (pair, code) =>
      db.transaction().execute(async (trx) => {
        if (!(await keepOwner(trx, pair.userId, null))) throw new OwnerGoneError();
        await trx
          .insertInto('keypairs')
          .values({
            id: pair.id,
            user_id: pair.userId,
            api_key: pair.apiKey,
            secret_hash: pair.secretHash,
            name: pair.name,
            verified: code === null ? 1 : 0,
            created_at: pair.createdAtMs,
            expire_at: pair.expireAtMs,
          })
          .execute();
        if (code !== null) await putCode(trx, code, pair);
      }),

    async findLive(apiKey, nowMs) {
      // The first key at or after the requested one. The work is the same whether or not the key exists, so timing does not reveal
      // it.
      const nearest = db
        .selectFrom('keypairs')
        .where('api_key', '>=', apiKey)
        .orderBy('api_key')
        .limit(1)
        .select('keypairs.id');
      const row = await db
        .selectFrom('keypairs')
        .innerJoin('users', 'users.id', 'keypairs.user_id')
        .where('keypairs.id', '=', nearest)
        .select([...summary, 'keypairs.secret_hash', 'users.enabled'])
        .select(ownerColumns)
        .executeTakeFirst();
      if (row === undefined) return null;
      const keyPair = { ...toSummary(row), ...toOwner(row), secretHash: row.secret_hash };
      const live = row.verified === 1 && row.expire_at > nowMs && row.enabled === 1;
      return live && row.api_key === apiKey ? keyPair : null;
    },

    async rehash(keyId, fromHash, toHash) {
      await db
        .updateTable('keypairs')
        .set({ secret_hash: toHash })
        .where('id', '=', keyId)
        .where('secret_hash', '=', fromHash)
        .execute();
    },

    async findPending(apiKey, userId, nowMs) {
      const row = await db
        .selectFrom('keypairs')
        .where('api_key', '=', apiKey)
        .where('user_id', '=', userId)
        .where('verified', '=', 0)
        .where('expire_at', '>', nowMs)
        .select(['id', 'name', 'secret_hash'])
        .executeTakeFirst();
      return row === undefined ? null : { keyId: row.id, name: row.name, secretHash: row.secret_hash };
    },

    renewCode: (keyId, code) =>
      db.transaction().execute(async (trx) => {
        const userId = await lockOwnerOf(trx, 'keypairs', keyId);
        if (userId === undefined || userId === null) return false;
        const pair = await trx
          .selectFrom('keypairs')
          .where('id', '=', keyId)
          .where('verified', '=', 0)
          .select('id')
          .executeTakeFirst();
        if (pair === undefined) return false;
        await replaceCode(trx, code, { id: keyId, userId });
        return true;
      }),

    verify: (codeId, nowMs) =>
      db.transaction().execute(async (trx) => {
        const used = await useCode(trx, codeId, 'keypair', nowMs);
        if (used === null) return null;
        const { numUpdatedRows } = await trx
          .updateTable('keypairs')
          .set({ verified: 1 })
          .where('id', '=', used.subjectId)
          .where('expire_at', '>', nowMs)
          .executeTakeFirst();
        return numUpdatedRows > 0n ? used.subjectId : null;
      }),

    async list(userId, nowMs) {
      const rows = await db
        .selectFrom('keypairs')
        .where('user_id', '=', userId)
        .where('expire_at', '>', nowMs)
        .orderBy('created_at')
        .orderBy('id')
        .select(summary)
        .execute();
      return rows.map(toSummary);
    },

    remove: (keyId, userId) =>
      db.transaction().execute(async (trx) => {
        const owner = await lockOwnerOf(trx, 'keypairs', keyId);
        if (owner === undefined || (userId !== null && owner !== userId)) return false;
        const { numDeletedRows } = await trx.deleteFrom('keypairs').where('id', '=', keyId).executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        await dropCodes(trx, keyId);
        return true;
      }),

    async page(request, nowMs) {
      const live = db.selectFrom('keypairs').where('expire_at', '>', nowMs);
      const rows = await live
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(request.limit)
        .offset(offsetOf(request))
        .select([...summary, 'user_id'])
        .execute();
      return { rows: rows.map((row) => ({ ...toSummary(row), userId: row.user_id })), total: await countRows(live) };
    },
  };
}

function toSummary(row: { id: string; api_key: string; name: string; expire_at: number; verified: 0 | 1 }) {
  return {
    keyId: row.id,
    apiKey: row.api_key,
    name: row.name,
    expireAtMs: row.expire_at,
    verified: row.verified === 1,
  };
}
