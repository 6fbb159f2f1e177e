/** Removes rows that have ended, a bounded number at a time, each kind by its own index. */
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { CredentialEnded } from '../auth-store.ts';
import { locksRows } from './row-locks.ts';
import type { Tables } from './tables.ts';

/** Returns how many rows went; `limit` holds for each kind, so that no sweep keeps others waiting. */
export async function sweepExpired(
  db: Kysely<Tables>,
  nowMs: number,
  limit: number,
  ended: CredentialEnded = () => {},
): Promise<number> {
  const codes = db.selectFrom('codes').where('expire_at', '<=', nowMs).limit(limit).select('codes.id');
  let swept = await remove(db, 'codes', codes);

  const sessions = db.selectFrom('sessions').where('ends_at', '<=', nowMs).limit(limit).select('sessions.id');
  const pairs = db.selectFrom('keypairs').where('expire_at', '<=', nowMs).limit(limit).select('keypairs.id');
  for (const [kind, table, which] of [
    ['session', 'sessions', sessions],
    ['keypair', 'keypairs', pairs],
  ] as const) {
    const removed = sql<{ id: string; verified: 0 | 1 }>`${removal(db, table, which)} returning id, verified`;
    const { rows } = await removed.execute(db);
    swept += rows.length;
    for (const { id, verified } of rows) if (verified === 1) ended({ kind, id });
  }

  // Together with its user, as everything that touches more than one row of a user: sessions refer to addresses.
  const emails = db
    .selectFrom('emails')
    .innerJoin('users', 'users.id', 'emails.user_id')
    .where('emails.verify_by', '<=', nowMs)
    .limit(limit)
    .select('emails.id');
  swept += await remove(db, 'emails', emails);
  const users = db.selectFrom('users').where('verify_by', '<=', nowMs).limit(limit).select('users.id');
  return swept + (await remove(db, 'users', users));
}

type Which = SelectQueryBuilder<Tables, keyof Tables, { id: string }>;

async function remove(db: Kysely<Tables>, table: keyof Tables, which: Which): Promise<number> {
  const { numAffectedRows } = await sql`${removal(db, table, which)}`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/**
 * Rows that another transaction has locked are left for the next sweep, so that replicas which sweep at once share
 * the work. `materialized`: the choice is made once, however the deletion is planned.
 */
function removal(db: Kysely<Tables>, table: keyof Tables, which: Which) {
  if (!locksRows(db)) return sql`delete from ${sql.table(table)} where id in (${which})`;
  const locked = which.forUpdate().skipLocked();
  return sql`with ended as materialized (${locked}) delete from ${sql.table(table)} where id in (select id from ended)`;
}
