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

/** Adds the identity's headers to `out` (names and values in turn). Fields without a value are omitted. */
export function appendIdentityHeaders(out: string[], headers: readonly IdentityHeader[], identity: Identity): void {
  for (const { name, field } of headers) {
    const value = identity[field];
    if (value === null) continue;
    out.push(
      name,
      typeof value === 'string'
        ? headerValue(value, plain)
        : value.map((item) => headerValue(item, plainItem)).join(','),
    );
  }
}

/** Visible ASCII, blanks only inside, and without "%", so that nothing plain looks like something encoded. */
const plain = /^(?! )[\x20-\x24\x26-\x7e]+(?<! )$/;
/** The same without a comma, which would make two items of one. */
const plainItem = /^(?! )[\x20-\x24\x26-\x2b\x2d-\x7e]+(?<! )$/;

/** A value outside visible ASCII is sent percent-encoded (UTF-8), so that no byte of it can end the header. */
function headerValue(text: string, asItIs: RegExp): string {
  return text === '' || asItIs.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
