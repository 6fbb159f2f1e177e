/**
 * Addresses in the JSON of a source: `email` counts only if the same object says `email_verified: true` (OpenID Connect Core 1.0, section
 * 5.1). At many providers people can enter any address, also that of another person (the attack "nOAuth").
 */

/** Name of the field of an address. */
export const emailField = 'email';

/**
 * `parent`: the object with the address. `assumed`: the configuration says that the source verifies its addresses. Then it need not say so,
 * but anything other than true is still a no. A text "true" is not true.
 */
export function isVerifiedEmail(parent: unknown, assumed: boolean): boolean {
  if (typeof parent !== 'object' || parent === null) return false;
  const stated = Object.hasOwn(parent, 'email_verified')
    ? (parent as Readonly<Record<string, unknown>>)['email_verified']
    : undefined;
  return stated === undefined || stated === null ? assumed : stated === true;
}

/** Of an address, in lower case. Null: the value is no address. A quoted part before the last "@" may contain others. */
export function domainOf(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const at = value.lastIndexOf('@');
  const domain = value.slice(at + 1).toLowerCase();
  return at > 0 && domainForm.test(domain) ? domain : null;
}

const domainForm = /^[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,31}$/;
