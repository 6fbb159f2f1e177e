/** Removes rows that have ended, in bounded batches, each kind by its own index. */
import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { CredentialEnded } from '../auth-store.ts';
import { locksRows } from './row-locks.ts';
import type { Tables } from './tables.ts';

/** Returns the number of removed rows. `limit` applies to each kind, so no sweep blocks others for long. */
export async function sweepExpired(
  db: Kysely<Tables>,
  nowMs: number,
  limit: number,
  ended: CredentialEnded = () => {},
): Promise<number> {
  const codes = db.selectFrom('codes').where('expire_at', '<=', nowMs).limit(limit).select('codes.id');
  let swept = await remove(db, 'codes', codes);

  const used = db
    .selectFrom('used_challenges')
    .where('expire_at', '<=', nowMs)
    .limit(limit)
    .select('used_challenges.id');
  swept += await remove(db, 'used_challenges', used);

  const sessions = db.selectFrom('sessions').where('ends_at', '<=', nowMs).limit(limit).select('sessions.id');
  const pairs = db.selectFrom('keypairs').where('expire_at', '<=', nowMs).limit(limit).select('keypairs.id');
  for (const [kind, table, which] of [
    ['session', 'sessions', sessions],
    ['keyPair', 'keypairs', pairs],
  ] as const) {
    const removed = sql<{ id: string; verified: 0 | 1 }>`${removal(db, table, which)} returning id, verified`;
    const { rows } = await removed.execute(db);
    swept += rows.length;
    for (const { id, verified } of rows) if (verified === 1) ended({ kind, id });
  }

  // Locks the users too, as every transaction that changes more than one row of a user: sessions refer to addresses.
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
 * Skips rows that another transaction has locked, so replicas that sweep at once share the work. `materialized` makes the database
 * choose the rows once, whatever the plan of the deletion.
 */
function removal(db: Kysely<Tables>, table: keyof Tables, which: Which) {
  if (!locksRows(db)) return sql`delete from ${sql.table(table)} where id in (${which})`;
  const locked = which.forUpdate().skipLocked();
  return sql`with ended as materialized (${locked}) delete from ${sql.table(table)} where id in (select id from ended)`;
}
