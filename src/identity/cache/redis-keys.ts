/**
 * Names in Redis. What belongs to one credential carries its keyed name as hash tag, `{...}`, so that in a Cluster it lies
 * on one node and a script may use all of it.
 */

/** The verdict on a credential; `lookup` is its keyed name (`lookupKey`). */
export function entryKey(keyPrefix: string, lookup: string): string {
  return `${keyPrefix}verdict:{${lookup}}`;
}

/** Who is asking the Auth API for it now. */
export function leaseKey(keyPrefix: string, lookup: string): string {
  return `${keyPrefix}lease:{${lookup}}`;
}

/** The replicas that wait for the result. */
export function waitersKey(keyPrefix: string, lookup: string): string {
  return `${keyPrefix}waiters:{${lookup}}`;
}
