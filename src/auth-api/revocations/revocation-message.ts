/** The message that tells gateways in other processes that results they keep may no longer be true. */
import type { RevocationEvent } from '../revocation-event.ts';

/** Changes with every change that a reader of the old form would misunderstand. */
const version = 1;

/** Every verdict: some message before this one may not have arrived. */
export type RevocationNotice = RevocationEvent | { readonly kind: 'all'; readonly id: null };

/** `atMs`: when the change was made, in milliseconds since the epoch on the clock of the Auth API. */
export function encodeRevocation({ kind, id }: RevocationNotice, atMs: number): string {
  return JSON.stringify({ v: version, kind, id, atMs });
}

export function revocationChannel(keyPrefix: string): string {
  return `${keyPrefix}revocations`;
}

/** A stream of the last messages, each in the field `m`. The hash tag keeps it beside what gateways have there. */
export function revocationLogKey(keyPrefix: string): string {
  return `${keyPrefix}{revocations}:log`;
}
