/** Shared by all readers of headers: comparison of names, blanks, and the list in `Connection`. */

/**
 * The form for comparing names: services behind CGI-like interfaces (RFC 3875 section 4.1.18) merge `user_id`, `User-Id` and `user-id` (the
 * class of CVE-2025-64484), and some replace every other character of a token by "_" too (`user.id`), so every spelling counts as one.
 */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(everyOdd, '-');
}

const everyOdd = /[^a-z0-9-]/g;
const usual = /^[A-Za-z0-9-]*$/;

/** Whether a name is spelled like its canonical form, except for case. */
export function hasUsualSpelling(name: string): boolean {
  return usual.test(name);
}

/** Whether a header has this name, which is in lower case. */
export function isNamed(name: string, wanted: string): boolean {
  // By length first: most names are skipped without a copy.
  return name.length === wanted.length && name.toLowerCase() === wanted;
}

/** Whether the canonical form of a name begins with `start`. Compares in place: a copy of each name would cost more than the comparison. */
export function beginsWith(name: string, start: string): boolean {
  if (name.length < start.length) return false;
  for (let i = 0; i < start.length; i += 1) {
    if (canonicalCode(name.charCodeAt(i)) !== start.charCodeAt(i)) return false;
  }
  return true;
}

/** One character of a Latin-1 name in canonical form. */
function canonicalCode(code: number): number {
  if (code >= 0x41 && code <= 0x5a) return code + 0x20;
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) ? code : 0x2d;
}

/** Values by header name, which match every spelling of it. */
export class HeaderTable<T> {
  readonly #byLength: { readonly canonical: string; readonly value: T }[][] = [];

  constructor(entries: Iterable<readonly [canonical: string, value: T]>) {
    for (const [canonical, value] of entries) {
      while (this.#byLength.length <= canonical.length) this.#byLength.push([]);
      this.#byLength[canonical.length]!.push({ canonical, value });
    }
  }

  get(name: string): T | undefined {
    const entries = this.#byLength[name.length];
    if (entries === undefined) return undefined;
    for (const { canonical, value } of entries) if (beginsWith(name, canonical)) return value;
    return undefined;
  }
}

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
    if (!isNamed(rawHeaders[i]!, 'connection')) continue;
    const value = rawHeaders[i + 1]!;
    if (value === 'keep-alive' || value === 'close') continue;
    listed ??= new Set();
    for (const part of value.split(',')) listed.add(canonicalName(trimBlanks(part)));
  }
  return listed;
}
