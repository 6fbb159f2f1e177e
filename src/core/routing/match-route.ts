/** Second stage: the most specific route of a canonical request, or why there is none. */
import type { ReasonCode } from '../outcome/reasons.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { Leaf, MethodRefusal, RouteMatch, RouteTable } from './compile-routes.ts';
import { findLeaf } from './find-leaf.ts';
import { matchCarefully } from './match-carefully.ts';

/**
 * Returns the route with the rule for the method; what to allow instead (405); or `route_not_found` or
 * `path_ambiguous`. Nothing is allocated: matches are made when routes are compiled. Only a path with more than one
 * reading, or a route whose service reads paths in its own way, is looked at twice.
 */
export function matchRoute(table: RouteTable, request: CanonicalRequest): RouteMatch | MethodRefusal | ReasonCode {
  const leaf = findLeaf(table, request.host, request.path);
  if (request.ambiguities !== 0 || table.folded !== null) return matchCarefully(table, request, leaf);
  if (leaf === null) return 'route_not_found';
  const match = byMethod(leaf, request.method) ?? leaf.every;
  if (match === null) return leaf.refusal ?? 'route_not_found';
  return match.route.reading === null ? match : matchCarefully(table, request, leaf);
}

function byMethod(leaf: Leaf, method: string): RouteMatch | null | undefined {
  if (method === 'GET') return leaf.get;
  return method === 'POST' ? leaf.post : leaf.byMethod.get(method);
}
