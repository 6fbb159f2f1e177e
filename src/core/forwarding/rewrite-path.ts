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
  return typeof read !== 'string' && read.path === result ? result : null;
}
