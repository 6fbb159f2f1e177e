/** The headers that tell an upstream who the client is; made from the identity, never from the request. */
import type { Identity } from '../identity/identity.ts';

/** Fields of an identity that a header may carry. */
export const identityFields = [
  'userId',
  'groups',
  'roles',
  'sessionId',
  'keyId',
  'alias',
  'fullName',
  'kind',
] as const satisfies readonly (keyof Identity)[];
export type IdentityField = (typeof identityFields)[number];

export interface IdentityHeader {
  /** Lower case, with "-" and never "_". */
  readonly name: string;
  readonly field: IdentityField;
}

/** `user-id` and `groups`: what the upstream gets when the configuration says nothing. */
export const defaultIdentityHeaders: readonly IdentityHeader[] = [
  { name: 'user-id', field: 'userId' },
  { name: 'groups', field: 'groups' },
];

/** Adds the identity's headers to `out` (names and values in turn). Fields without a value are left out. */
export function appendIdentityHeaders(out: string[], headers: readonly IdentityHeader[], identity: Identity): void {
  for (const { name, field } of headers) {
    const value = identity[field];
    if (value === null) continue;
    out.push(name, headerValue(typeof value === 'string' ? value : value.join(',')));
  }
}

const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** A value outside visible ASCII is sent percent-encoded (UTF-8), so that no byte of it can end the header. */
function headerValue(text: string): string {
  return text === '' || plain.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
