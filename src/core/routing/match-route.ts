/** Second stage: the most specific route of a canonical request, or why there is none. */
import type { ReasonCode } from '../outcome/reasons.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { Leaf, MethodRefusal, PathNode, RouteMatch, RouteTable } from './compile-routes.ts';

/**
 * Returns the route with the rule for the method; what to allow instead (405); or `route_not_found` or
 * `path_ambiguous`. Nothing is allocated: matches are made when routes are compiled.
 */
export function matchRoute(table: RouteTable, request: CanonicalRequest): RouteMatch | MethodRefusal | ReasonCode {
  const leaf = findLeaf(table, request.host, request.path);
  if (leaf === null) return request.ambiguities === 0 ? 'route_not_found' : 'path_ambiguous';
  const match = leaf.byMethod.get(request.method) ?? leaf.every;
  if (request.ambiguities !== 0) {
    const tolerates = match?.route.tolerates ?? 0;
    if ((request.ambiguities & ~tolerates) !== 0) return 'path_ambiguous';
  }
  return match ?? leaf.refusal ?? 'route_not_found';
}

function findLeaf(table: RouteTable, host: string, path: string): Leaf | null {
  const exact = table.exactHosts.get(host);
  if (exact !== undefined) {
    const leaf = descend(exact, path, 1);
    if (leaf !== null) return leaf;
  }
  for (const { suffix, root } of table.wildcardHosts) {
    if (host.length <= suffix.length || !host.endsWith(suffix)) continue;
    const leaf = descend(root, path, 1);
    if (leaf !== null) return leaf;
  }
  return descend(table.anyHost, path, 1);
}

/**
 * Depth first, most specific branch first. A node is visited at most once for a path, as its depth is the number of
 * the segment, so the work is bounded by the tree. A trailing slash adds no segment.
 */
function descend(node: PathNode, path: string, start: number): Leaf | null {
  if (start >= path.length) return node.leaf ?? node.rest;
  const slash = path.indexOf('/', start);
  const end = slash < 0 ? path.length : slash;
  if (node.literals.size > 0) {
    const literal = node.literals.get(segmentText(path.slice(start, end)));
    if (literal !== undefined) {
      const leaf = descend(literal, path, end + 1);
      if (leaf !== null) return leaf;
    }
  }
  if (node.param !== null) {
    const leaf = descend(node.param, path, end + 1);
    if (leaf !== null) return leaf;
  }
  return node.rest;
}

/** Literals are compared decoded, so that `/a%40b` cannot pass by a rule for `/a@b`. Canonical escapes are valid UTF-8. */
function segmentText(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}
