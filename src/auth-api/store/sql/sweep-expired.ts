/** Removes rows that do not count anymore, a bounded number at a time, each kind by its own index. */
import { type Kysely, sql } from 'kysely';
import type { Tables } from './tables.ts';

const kinds = [
  ['codes', 'expire_at'],
  ['sessions', 'ends_at'],
  ['keypairs', 'expire_at'],
  ['emails', 'verify_by'],
  ['users', 'verify_by'],
] as const;

/** Answers how many rows went; `limit` holds for each kind, so that no sweep keeps others waiting. */
export async function sweepExpired(db: Kysely<Tables>, nowMs: number, limit: number): Promise<number> {
  let swept = 0;
  for (const [table, end] of kinds) {
    const ended = sql`select id from ${sql.table(table)} where ${sql.ref(end)} <= ${nowMs} limit ${limit}`;
    const { numAffectedRows } = await sql`delete from ${sql.table(table)} where id in (${ended})`.execute(db);
    swept += Number(numAffectedRows ?? 0n);
  }
  return swept;
}
