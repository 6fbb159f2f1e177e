/** Shared by all readers of headers: comparison of names, blanks, and the list in `Connection`. */

/**
 * The form for comparing names: services behind CGI-like interfaces (RFC 3875 section 4.1.18) merge `user_id`, `User-Id` and `user-id` (the
 * class of CVE-2025-64484), and some replace every other character of a token by "_" too (`user.id`), so every spelling counts as one.
 */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return odd.test(lower) ? lower.replace(everyOdd, '-') : lower;
}

const odd = /[^a-z0-9-]/;
const everyOdd = /[^a-z0-9-]/g;

/** RFC 9110 section 5.6.2 token. */
export const token: RegExp = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Removes optional whitespace (RFC 9110 section 5.6.3): space and tab. `trim()` would also remove Unicode blanks, which
 * belong to a value. A loop, because a regular expression anchored at the end is quadratic in a run of blanks.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/**
 * Names that `Connection` headers list, in canonical form: they belong to this connection alone (RFC 9110 section 7.6.1). Null: only the
 * usual two.
 */
export function connectionList(rawHeaders: readonly string[]): Set<string> | null {
  let listed: Set<string> | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = rawHeaders[i + 1]!;
    if (value === 'keep-alive' || value === 'close') continue;
    listed ??= new Set();
    for (const part of value.split(',')) listed.add(canonicalName(trimBlanks(part)));
  }
  return listed;
}
