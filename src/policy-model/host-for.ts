/** A host for a request without one: that of its route. */

import { findLeaf } from '../core/routing/find-route.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import { canonicalPath } from '../core/url/canonical-path.ts';

/** Fits only routes without a host. */
const anywhere = 'any.example';

/**
 * `routeId`: the route that is expected. Without it, the host of a route that fits the path; one for every host comes first,
 * because its author did not restrict the host.
 */
export function hostFor(table: RouteTable, target: string, routeId: string | null): string {
  const { byId, patterns } = hostsOf(table);
  const expected = routeId === null ? undefined : byId.get(routeId);
  if (expected !== undefined) return hostOf(expected);
  const read = canonicalPath(target.split('?', 1)[0]!);
  if (typeof read === 'string' || findLeaf(table, anywhere, read.path) !== null) return anywhere;
  for (const pattern of patterns) {
    const host = hostOf(pattern);
    if (findLeaf(table, host, read.path) !== null) return host;
  }
  return anywhere;
}

interface Hosts {
  /** Of the first route of each id. */
  readonly byId: ReadonlyMap<string, string | null>;
  /** In the order of the file. */
  readonly patterns: ReadonlySet<string>;
}

/** There are many cases and routes. */
const known = new WeakMap<RouteTable, Hosts>();

function hostsOf(table: RouteTable): Hosts {
  const before = known.get(table);
  if (before !== undefined) return before;
  const byId = new Map<string, string | null>();
  const patterns = new Set<string>();
  for (const { id, pattern } of table.routes) {
    if (!byId.has(id)) byId.set(id, pattern.host);
    if (pattern.host !== null) patterns.add(pattern.host);
  }
  const hosts = { byId, patterns };
  known.set(table, hosts);
  return hosts;
}

/** A host that fits a host pattern. */
export function hostOf(pattern: string | null): string {
  if (pattern === null) return anywhere;
  return pattern.startsWith('*.') ? `any${pattern.slice(1)}` : pattern;
}
