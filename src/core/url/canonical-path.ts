/**
 * The one reading of a path: matched, authorized and forwarded. RFC 3986 section 6.2.2: escapes of unreserved characters are decoded, hex
 * upper-cased, dot segments removed, and slashes merged. Spellings that services are known to read differently are refused, or marked for a
 * route to tolerate (docs/concepts/paths.md).
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import { type CanonicalPath, canonicalize, maxSegments } from './canonicalize.ts';
import { DOT, kinds, PLAIN, SLASH } from './path-characters.ts';

/**
 * Reads a path that starts with "/" and contains no query. Reasons: `target_invalid` (control characters, raw bytes beyond ASCII, invalid
 * escapes, escapes that are not UTF-8), `path_ambiguous` (backslash in any spelling, an escaped dot segment, NUL, more than 64 ambiguous
 * spellings), `target_too_long` (more than 256 segments).
 */
export function canonicalPath(path: string): CanonicalPath | ReasonCode {
  return isCanonical(path) ? { path, unmerged: null, ambiguities: 0 } : canonicalize(path);
}

/** Whether there is nothing to change or mark: true for nearly every request. */
export function isCanonical(path: string): boolean {
  let before = 0;
  let segments = 0;
  for (let i = 0; i < path.length; i += 1) {
    const kind = kinds[path.charCodeAt(i)];
    if (kind === SLASH) {
      segments += 1;
      if (before === SLASH || before === DOT || segments > maxSegments) return false;
    } else if (kind === DOT) {
      // A dot inside a segment, such as in "index.html".
      if (before === SLASH) return false;
    } else if (kind !== PLAIN) {
      return false;
    }
    before = kind;
  }
  return before !== DOT && path.charCodeAt(0) === 0x2f;
}
