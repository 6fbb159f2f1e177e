/** Pages of long lists. */
import type { SelectQueryBuilder } from 'kysely';
import type { PageRequest } from '../rows.ts';
import type { Tables } from './tables.ts';

export function offsetOf(request: PageRequest): number {
  return (request.page - 1) * request.limit;
}

/** Number of rows in the whole list that the query describes. */
export async function countRows<Joined extends keyof Tables>(
  query: SelectQueryBuilder<Tables, Joined, object>,
): Promise<number> {
  const { total } = await query
    .clearOrderBy()
    .select((eb) => eb.fn.countAll().as('total'))
    .executeTakeFirstOrThrow();
  // PostgreSQL counts in 64 bits and therefore returns a text.
  return Number(total);
}
