/** The path that the upstream sees: the canonical one, with the route's prefixes taken off and put on. */
import { canonicalPath } from '../request/canonical-path.ts';
import type { Route } from '../routing/route.ts';

/**
 * Returns the path to forward, or null when the result is not canonical: a rewrite never makes a path that a second
 * reading would see differently (the class of CVE-2026-40912).
 */
export function rewritePath(route: Route, path: string): string | null {
  const { rewrite } = route;
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
  // Kept on purpose, but never in front, where they would be read as a host (RFC 3986 section 4.2).
  const kept = route.reading?.mergesSlashes === false && !result.startsWith('//') ? read.unmerged : null;
  return (kept ?? read.path) === result ? result : null;
}
