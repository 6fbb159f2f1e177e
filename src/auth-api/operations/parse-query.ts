/** Reads a query string as names with one value each. */
import { Refusal } from '../outcome/refusals.ts';

/** Refuses a repeated name: which copy counts would be a guess. */
export function parseQuery(query: string): object | Refusal {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) return new Refusal('parameters_invalid', { invalid: ['query'] });
    values.set(name, value);
  }
  return Object.fromEntries(values);
}
