/** Some clients send UTF-8 raw in a target, such as curl with `?q=ä`. As escapes, every service reads the same characters. */

const beyondAscii = /[\x80-\xff]+/g;

/** `target` has one character for each byte. Null: the bytes are not UTF-8, and services disagree about how to read them. */
export function escapeUtf8(target: string): string | null {
  if (target.search(beyondAscii) < 0) return target;
  let isUtf8 = true;
  const escaped = target.replace(beyondAscii, (bytes) => {
    const escapes = escapeBytes(bytes);
    // On its own: an escape may not complete half a character.
    isUtf8 &&= isDecodable(escapes);
    return escapes;
  });
  return isUtf8 ? escaped : null;
}

/** Whether the target is longer, with bytes beyond ASCII as the three characters of an escape. */
export function isLongerThan(target: string, most: number): boolean {
  if (target.length > most) return true;
  if (target.length * 3 <= most) return false;
  return target.replace(beyondAscii, escapeBytes).length > most;
}

function escapeBytes(bytes: string): string {
  return [...bytes].map((byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`).join('');
}

/** The result is used, because a bundler removes a call made only for its error. */
function isDecodable(escapes: string): boolean {
  try {
    return decodeURIComponent(escapes) !== '';
  } catch {
    return false;
  }
}
