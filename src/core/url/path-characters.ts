/** Kinds of characters in the path of a request. */

export const PLAIN = 1;
export const SLASH = 2;
export const DOT = 3;
export const ESCAPE = 4;
export const SEMICOLON = 5;
export const BACKSLASH = 6;
/** Printable, outside `pchar` of RFC 3986 section 3.3: some clients send them raw, so they are escaped. */
export const ESCAPED = 7;

/** By character code. */
export const kinds: Uint8Array = new Uint8Array(256);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~!$&'()*+,=:@") {
  kinds[char.charCodeAt(0)] = PLAIN;
}
for (const char of '"<>[]^`{|}') kinds[char.charCodeAt(0)] = ESCAPED;
kinds[0x2f] = SLASH;
kinds[0x2e] = DOT;
kinds[0x25] = ESCAPE;
kinds[0x3b] = SEMICOLON;
kinds[0x5c] = BACKSLASH;
