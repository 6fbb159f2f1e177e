/** The form of valid credentials: anything else is refused before any look-up and before the cache. */

export interface Shape {
  readonly prefix: string;
  /** Of the whole text, including the prefix. */
  readonly minLength: number;
  readonly maxLength: number;
  /** Of the text after the prefix; null: any. */
  readonly alphabet: Alphabet | null;
}

const alphabets = {
  hex: /^[0-9A-Fa-f]*$/,
  /** RFC 4648 section 6, without padding. */
  base32: /^[A-Z2-7]*$/,
  base62: /^[0-9A-Za-z]*$/,
  base64: /^[0-9A-Za-z+/]*={0,2}$/,
  base64url: /^[0-9A-Za-z_-]*$/,
  /** Three parts in base64url (RFC 7515 section 7.1). */
  jwt: /^[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*$/,
} as const;

export type Alphabet = keyof typeof alphabets;
export const alphabetNames = Object.keys(alphabets) as readonly Alphabet[];

/** Whether the text has one of the shapes. */
export function hasShape(text: string, shapes: readonly Shape[]): boolean {
  return shapes.some(
    ({ prefix, minLength, maxLength, alphabet }) =>
      text.length >= minLength &&
      text.length <= maxLength &&
      text.startsWith(prefix) &&
      (alphabet === null || alphabets[alphabet].test(text.slice(prefix.length))),
  );
}
