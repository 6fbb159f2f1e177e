/** Further fields of an identity, which the configuration declares (`identity.claims`): their types, values and texts. */

export const claimTypes = ['string', 'number', 'boolean', 'list', 'time'] as const;
export type ClaimType = (typeof claimTypes)[number];

/** A time is in milliseconds since the epoch. */
export type ClaimValue = string | number | boolean | readonly string[];

/** By name in the configuration; claims that the identity lacks are absent. Null: present with another type. */
export type Claims = Readonly<Record<string, ClaimValue | null>>;

/** Names and types, as declared. */
export type ClaimTable = ReadonlyMap<string, ClaimType>;

export const noClaims: Claims = Object.freeze(Object.create(null) as Record<string, ClaimValue | null>);

/** As conditions compare it: a number in its shortest decimal form. Null: the identity lacks the value. */
export function claimText(claims: Claims, name: string): string | readonly string[] | null {
  const value = Object.hasOwn(claims, name) ? (claims[name] ?? null) : null;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}

/** Whether the source sent another type than the declared one: neither a value nor an absent one. */
export function isUnreadable(claims: Claims, name: string): boolean {
  return Object.hasOwn(claims, name) && claims[name] === null;
}

/** The value with this text; null: the type has no such value. */
export function claimOfText(text: string | readonly string[], type: ClaimType): ClaimValue | null {
  if (typeof text !== 'string') return type === 'list' ? text : null;
  switch (type) {
    case 'string':
      return text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : null;
    case 'list':
      return [text];
    case 'number':
    case 'time':
      return text !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
  }
}

/** Null: not a value of the type. Only a time in ISO 8601 is converted. */
export function readClaimValue(value: unknown, type: ClaimType): ClaimValue | null {
  switch (type) {
    case 'string':
      return typeof value === 'string' && plainText.test(value) ? value : null;
    case 'number':
      return isExact(value) ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'list':
      return isTextList(value) ? value : null;
    case 'time':
      return readTime(value);
  }
}

/** Beyond it, two account ids can become one number, because JSON parsing loses their last digits. */
export function isExact(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
}

const plainText = /^[^\p{Cc}]{1,1024}$/u;
/** Lists are joined by commas for a service, so a text with a comma would count as two. */
export const listText = /^[^\p{Cc},]{1,256}$/u;
const maxTexts = 256;

function isTextList(value: unknown): value is readonly string[] {
  if (!Array.isArray(value) || value.length > maxTexts) return false;
  return value.every((item) => typeof item === 'string' && listText.test(item));
}

/** The last millisecond that a `Date` can hold. */
const lastMs = 8.64e15;
/** RFC 3339. */
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Unix seconds, rounded down, or RFC 3339. */
export function readTime(value: unknown): number | null {
  const ms =
    typeof value === 'number'
      ? Math.floor(value) * 1000
      : typeof value === 'string' && isoTime.test(value)
        ? Date.parse(value)
        : Number.NaN;
  return ms >= 0 && ms <= lastMs ? ms : null;
}
