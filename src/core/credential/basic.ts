/** HTTP Basic (RFC 7617): user and password in one base64 text with only one reading. */

export interface BasicCredentials {
  readonly user: string;
  readonly password: string;
}

/** RFC 7617 section 2: neither part contains a control character. */
const controls = /\p{Cc}/u;

/** Null: not canonical base64, not UTF-8, without a colon, or with a control character. */
export function readBasic(text: string): BasicCredentials | null {
  const bytes = decodeBase64(text);
  const pair = bytes === null ? null : decodeUtf8(bytes);
  if (pair === null || controls.test(pair)) return null;
  // The user contains no colon; the password may.
  const colon = pair.indexOf(':');
  return colon < 0 ? null : { user: pair.slice(0, colon), password: pair.slice(colon + 1) };
}

const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** RFC 4648 section 4 with padding and without bits beyond the last byte, so each byte sequence has one text. */
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

/** The language's URI decoder is strict about UTF-8: no overlong forms, surrogates or incomplete characters. */
function decodeUtf8(bytes: readonly number[]): string | null {
  try {
    return decodeURIComponent(bytes.map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''));
  } catch {
    return null;
  }
}
