/** Second stage: the most specific route of a canonical request, or why there is none. */
import type { ReasonCode } from '../outcome/reasons.ts';
import { ruleFor } from '../policy/access.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { type MethodRefusal, type RouteMatch, type RouteTable, refusalOf, routeFor } from './compile-routes.ts';
import { findLeaf } from './find-leaf.ts';
import { matchCarefully } from './match-carefully.ts';

/**
 * Returns the route with the rule for the method; what to allow instead (405); or `route_not_found` or
 * `path_ambiguous`. Only a path with more than one reading, or a route whose service reads paths in its own way, is
 * looked at twice.
 */
export function matchRoute(table: RouteTable, request: CanonicalRequest): RouteMatch | MethodRefusal | ReasonCode {
  const leaf = findLeaf(table, request.host, request.path);
  if (request.ambiguities !== 0 || table.folded !== null) return matchCarefully(table, request, leaf);
  if (leaf === null) return 'route_not_found';
  const route = routeFor(leaf, request.method);
  if (route === null) return refusalOf(leaf);
  if (route.reading !== null) return matchCarefully(table, request, leaf);
  const rule = ruleFor(route.access, request.method);
  return rule === null ? refusalOf(leaf) : { route, rule, request: null };
}
