/**
 * Names in Redis. All keys of one credential have its keyed name as hash tag, `{...}`, so that in a Cluster they are on one node and one
 * script may use them all.
 */

/** The verdict on a credential; `lookup` is its keyed name (`lookupKey`). */
export function entryKey(keyPrefix: string, lookup: string): string {
  return `${keyPrefix}verdict:{${lookup}}`;
}

/** The replica that is calling the Auth API for it. */
export function leaseKey(keyPrefix: string, lookup: string): string {
  return `${keyPrefix}lease:{${lookup}}`;
}

/** The replicas that wait for the result. */
export function waitersKey(keyPrefix: string, lookup: string): string {
  return `${keyPrefix}waiters:{${lookup}}`;
}
