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
 * Returns the path to forward, or null if it does not begin with the prefix to remove, or the result is not canonical: a rewrite never
 * creates a path with a second reading (the class of CVE-2026-40912).
 */
export function rewritePath(
  { rewrite, reading }: { readonly rewrite: PathRewrite | null; readonly reading: PathReading | null },
  path: string,
): string | null {
  if (rewrite === null) return path;
  const stripped = withoutPrefix(path, rewrite.stripPrefix);
  if (stripped === null) return null;
  const rest = stripped === '' ? '/' : stripped;
  const result = rewrite.addPrefix === '' ? rest : rewrite.addPrefix + (rest === '/' ? '' : rest) || '/';
  const read = canonicalPath(result);
  if (typeof read === 'string') return null;
  // Empty segments are kept on purpose, but never at the start, where they would be read as a host (RFC 3986 section 4.2).
  const kept = reading?.mergesSlashes === false && !result.startsWith('//') ? read.unmerged : null;
  return (kept ?? read.path) === result ? result : null;
}

/** Compared as patterns are matched: decoded, segment by segment, since `/%40me` is another spelling of `/@me`. */
function withoutPrefix(path: string, prefix: string): string | null {
  let end = 0;
  for (const segment of prefix.split('/').slice(1)) {
    const start = end;
    const slash = path.indexOf('/', start + 1);
    end = slash < 0 ? path.length : slash;
    if (decodeURIComponent(path.slice(start + 1, end)) !== decodeURIComponent(segment)) return null;
  }
  return path.slice(end);
}
