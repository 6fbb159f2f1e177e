/** Sessions in SQL. */
import type { Kysely, Transaction } from 'kysely';
import type { NewCode } from '../code-store.ts';
import type { NewSession, SessionStore } from '../session-store.ts';
import { OwnerGoneError } from '../store-errors.ts';
import { winAddress } from './address-claims.ts';
import { dropCodes, dropLink, putCode, useCode } from './code-queries.ts';
import { ownerColumns, toOwner } from './owner-columns.ts';
import { countRows, offsetOf } from './paging.ts';
import { keepOwner, lockOwnerOf, lockUser } from './row-locks.ts';
import type { Tables } from './tables.ts';

const summary = ['sessions.id', 'sessions.ip', 'sessions.user_agent', 'sessions.expire_at'] as const;

export function sessionQueries(db: Kysely<Tables>): SessionStore {
  return {
    create: (session, code) =>
      db.transaction().execute(async (trx) => {
        const { id, userId, emailId } = session;
        // For a decoy, looks up rows that do not exist.
        const kept = await keepOwner(trx, userId ?? id, userId === null ? id : emailId);
        if (!kept && userId !== null) throw new OwnerGoneError();
        await insertSession(trx, session, code);
      }),

    async findLive(bearerHashes, nowMs) {
      const row = await db
        .selectFrom('sessions')
        .innerJoin('users', 'users.id', 'sessions.user_id')
        .where('sessions.bearer_hash', 'in', bearerHashes)
        .where('sessions.verified', '=', 1)
        .where('sessions.ends_at', '>', nowMs)
        .where('users.enabled', '=', 1)
        .select([...summary, 'sessions.created_at', 'sessions.opened_by'])
        .select(ownerColumns)
        .executeTakeFirst();
      if (row === undefined) return null;
      const signIn = { createdAtMs: row.created_at, openedBy: row.opened_by };
      return { ...toSummary(row), ...toOwner(row), ...signIn };
    },

    verify: (codeId, nowMs) =>
      db.transaction().execute(async (trx) => {
        const used = await useCode(trx, codeId, 'session', nowMs);
        if (used === null) return null;
        const session = await trx
          .selectFrom('sessions')
          .where('id', '=', used.subjectId)
          .where('ends_at', '>', nowMs)
          .where('user_id', 'is not', null)
          .select(['user_id', 'email_id'])
          .executeTakeFirst();
        if (session === undefined || session.email_id === null) return null;
        // The code was sent to this address, so the address belongs to the user. This completes a registration.
        if (!(await winAddress(trx, session.email_id, used.locked))) return null;
        await trx.updateTable('users').set({ verify_by: null }).where('id', '=', session.user_id).execute();
        await trx
          .updateTable('sessions')
          .set((eb) => ({ verified: 1, ends_at: eb.ref('expire_at') }))
          .where('id', '=', used.subjectId)
          .execute();
        return used.subjectId;
      }),

    async renewCode({ id, codeHash, expireAtMs }, nowMs) {
      const row = await db
        .selectFrom('codes')
        .innerJoin('sessions', 'sessions.id', 'codes.subject_id')
        .leftJoin('emails', 'emails.id', 'sessions.email_id')
        .where('codes.id', '=', id)
        .where('codes.purpose', '=', 'session')
        .where('codes.expire_at', '>', nowMs)
        .where('sessions.ends_at', '>', nowMs)
        .select(['emails.address', 'sessions.ends_at'])
        .executeTakeFirst();
      if (row === undefined) return null;
      const expireAt = Math.min(expireAtMs, row.ends_at);
      const { numUpdatedRows } = await db
        .updateTable('codes')
        .set({ code_hash: codeHash, tries: 0, expire_at: expireAt })
        .where('id', '=', id)
        .where('purpose', '=', 'session')
        .where('expire_at', '>', nowMs)
        .executeTakeFirst();
      return numUpdatedRows === 0n ? null : { address: row.address, expireAtMs: expireAt };
    },

    async extend(sessionId, expireAtMs, nowMs) {
      const { numUpdatedRows } = await db
        .updateTable('sessions')
        .set({ expire_at: expireAtMs, ends_at: expireAtMs })
        .where('id', '=', sessionId)
        .where('verified', '=', 1)
        .where('ends_at', '>', nowMs)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },

    async listLive(userId, nowMs) {
      const rows = await db
        .selectFrom('sessions')
        .where('user_id', '=', userId)
        .where('verified', '=', 1)
        .where('ends_at', '>', nowMs)
        .orderBy('created_at')
        .orderBy('id')
        .select(summary)
        .execute();
      return rows.map(toSummary);
    },

    remove: (sessionId, userId, nowMs) =>
      db.transaction().execute(async (trx) => {
        const owner = await lockOwnerOf(trx, 'sessions', sessionId);
        if (owner === undefined || (userId !== null && owner !== userId)) return false;
        const { numDeletedRows } = await trx
          .deleteFrom('sessions')
          .where('id', '=', sessionId)
          .where('ends_at', '>', nowMs)
          .executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        await dropCodes(trx, sessionId);
        return true;
      }),

    removeAll: (userId) =>
      db.transaction().execute(async (trx) => {
        if (!(await lockUser(trx, userId))) return false;
        await trx.deleteFrom('sessions').where('user_id', '=', userId).execute();
        await dropLink(trx, userId);
        return true;
      }),

    async page(request, nowMs) {
      const live = db.selectFrom('sessions').where('ends_at', '>', nowMs).where('user_id', 'is not', null);
      const rows = await live
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(request.limit)
        .offset(offsetOf(request))
        .select([...summary, 'user_id', 'verified'])
        .execute();
      const entries = rows.map((row) => ({
        ...toSummary(row),
        userId: row.user_id ?? '',
        verified: row.verified === 1,
      }));
      return { rows: entries, total: await countRows(live) };
    },
  };
}

/** This transaction locks the session's user, or has created it. */
export async function insertSession(
  trx: Transaction<Tables>,
  session: NewSession,
  code: NewCode | null,
  passkeyId: string | null = null,
): Promise<void> {
  await trx
    .insertInto('sessions')
    .values({
      id: session.id,
      user_id: session.userId,
      email_id: session.emailId,
      bearer_hash: session.bearerHash,
      ip: session.ip,
      user_agent: session.userAgent,
      opened_by: session.openedBy,
      passkey_id: passkeyId,
      verified: code === null ? 1 : 0,
      created_at: session.createdAtMs,
      expire_at: session.expireAtMs,
      ends_at: code === null ? session.expireAtMs : session.verifyByMs,
    })
    .execute();
  if (code !== null) await putCode(trx, code, session);
}

function toSummary(row: { id: string; ip: string; user_agent: string; expire_at: number }) {
  return { sessionId: row.id, ip: row.ip, userAgent: row.user_agent, expireAtMs: row.expire_at };
}
