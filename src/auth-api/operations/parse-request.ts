/** Reads what a request carries, before a schema checks it: the body as one JSON object, the query as names with one value. */
import { Refusal } from '../outcome/refusals.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Refuses what is not UTF-8, not JSON or not an object; an empty body counts as an empty object, so that what is missing
 * is named. The content type is not looked at: clients of this API send none now and then, and no other type parses.
 */
export function parseBody(body: Buffer): object | Refusal {
  if (body.length === 0) return {};
  try {
    // `JSON.parse` makes `__proto__` an ordinary own property, which no schema reads.
    const value: unknown = JSON.parse(decoder.decode(body));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Whatever is wrong with it, the answer is the same.
  }
  return new Refusal('body_malformed');
}

/** Refuses a repeated name: which copy counts would be a guess. */
export function parseQuery(query: string): object | Refusal {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (values.has(name)) return new Refusal('parameters_invalid', { invalid: ['query'] });
    values.set(name, value);
  }
  return Object.fromEntries(values);
}
