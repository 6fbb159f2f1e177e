/** A host for a request that names none: the one of the route that it is about. */
import { canonicalPath } from '../core/request/canonical-path.ts';
import type { RouteTable } from '../core/routing/compile-routes.ts';
import { findLeaf } from '../core/routing/find-leaf.ts';

/** Fits every route without a host, and no other. */
const anywhere = 'any.example';

/**
 * `routeId`: the route that is expected. Without it, the host of a route that the path fits; one that is for every host
 * comes first, since then the author has named no host anywhere near.
 */
export function hostFor(table: RouteTable, target: string, routeId: string | null): string {
  const expected = table.routes.find(({ id }) => id === routeId);
  if (expected !== undefined) return hostOf(expected.pattern.host);
  const read = canonicalPath(target.split('?', 1)[0]!);
  if (typeof read === 'string' || findLeaf(table, anywhere, read.path) !== null) return anywhere;
  for (const { pattern } of table.routes) {
    if (pattern.host === null) continue;
    const host = hostOf(pattern.host);
    if (findLeaf(table, host, read.path) !== null) return host;
  }
  return anywhere;
}

/** A host that a pattern of hosts fits. */
export function hostOf(pattern: string | null): string {
  if (pattern === null) return anywhere;
  return pattern.startsWith('*.') ? `any${pattern.slice(1)}` : pattern;
}
