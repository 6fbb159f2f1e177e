/** What a `Connection` header says of other headers: they belong to this hop alone (RFC 9110 section 7.6.1). */
import { trimBlanks } from '../credential/trim-blanks.ts';
import { canonicalName } from './header-names.ts';

/** Names that `Connection` headers list, in canonical form; null when there are none beyond the usual two. */
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
