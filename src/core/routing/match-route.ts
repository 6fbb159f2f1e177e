/** Second stage: the most specific route of a canonical request, or why there is none. */
import type { ReasonCode } from '../outcome/reasons.ts';
import { ruleFor } from '../policy/access.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { findLeaf, refusalOf, routeFor } from './find-route.ts';
import { mayBeClaimed } from './letter-case.ts';
import { matchReadings } from './match-readings.ts';
import type { MethodRefusal, RouteMatch, RouteTable } from './route-table.ts';

/** Returns the route with the rule for the method; the allowed methods (405); or `route_not_found` or `path_ambiguous`. */
export function matchRoute(table: RouteTable, request: CanonicalRequest): RouteMatch | MethodRefusal | ReasonCode {
  const leaf = findLeaf(table, request.host, request.path);
  if (request.ambiguities !== 0) return matchReadings(table, request, leaf);
  if (leaf === null) return 'route_not_found';
  const route = routeFor(leaf, request.method);
  if (route === null) return refusalOf(leaf);
  const isClear = table.folded === null || !mayBeClaimed(table.folded, leaf, request.path);
  if (route.reading !== null || !isClear) return matchReadings(table, request, leaf);
  const rule = ruleFor(route.access, request.method);
  return rule === null ? refusalOf(leaf) : { route, rule, request };
}
