/** HTTP Basic (RFC 7617): user and password in one base64 text, read in one way only. */

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** RFC 7617 section 2: neither part holds a control character. */
const controls = /\p{Cc}/u;

/** Null: not base64 in its one spelling, not UTF-8, without a colon, or with a control character. */
export function readBasic(text: string): BasicCredentials | null {
  const bytes = decodeBase64(text);
  const pair = bytes === null ? null : decodeUtf8(bytes);
  if (pair === null || controls.test(pair)) return null;
  // The user has no colon, the password may have some.
  const colon = pair.indexOf(':');
  return colon < 0 ? null : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** RFC 4648 section 4 with its padding, and without bits beyond the last byte: one text for each sequence of bytes. */
export function decodeBase64(text: string): readonly number[] | null {
  if (text.length % 4 !== 0 || !base64.test(text)) return null;
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (let at = 0; at < text.length && text[at] !== '='; at += 1) {
    bits = (bits << 6) | base64Digits.indexOf(text[at]!);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push(bits >> count);
    bits &= (1 << count) - 1;
  }
  return bits === 0 ? bytes : null;
}

/** The URI decoder of the language is strict about UTF-8: no long forms, no surrogates, nothing incomplete. */
function decodeUtf8(bytes: readonly number[]): string | null {
  try {
    return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return null;
  }
}
