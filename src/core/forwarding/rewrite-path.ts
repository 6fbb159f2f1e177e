/** The path that the upstream receives: the canonical one, with the route's prefixes removed and added. */
import { canonicalPath } from '../url/canonical-path.ts';
import type { PathReading } from '../url/path-reading.ts';

/** Applied to the canonical path after the decision; whole segments only. */
export interface PathRewrite {
  /** Canonical prefix to remove, without trailing slash; empty: none. */
  readonly stripPrefix: string;
  /** Canonical prefix to put in front, without trailing slash; empty: none. */
  readonly addPrefix: string;
}

/**
 * Returns the path to forward, or null if the result is not canonical: a rewrite never creates a path with a second reading (the class of
 * CVE-2026-40912).
 */
export function rewritePath(
  { rewrite, reading }: { readonly rewrite: PathRewrite | null; readonly reading: PathReading | null },
  path: string,
): string | null {
  if (rewrite === null) return path;
  let rest = path;
  const strip = rewrite.stripPrefix;
  if (strip !== '' && path.startsWith(strip) && (path.length === strip.length || path[strip.length] === '/')) {
    rest = path.slice(strip.length);
  }
  if (rest === '') rest = '/';
  const result = rewrite.addPrefix === '' ? rest : rewrite.addPrefix + (rest === '/' ? '' : rest) || '/';
  const read = canonicalPath(result);
  if (typeof read === 'string') return null;
  // Empty segments are kept on purpose, but never at the start, where they would be read as a host (RFC 3986 section 4.2).
  const kept = reading?.mergesSlashes === false && !result.startsWith('//') ? read.unmerged : null;
  return (kept ?? read.path) === result ? result : null;
}
