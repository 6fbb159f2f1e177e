/**
 * Matches a path with more than one reading, and a route whose service reads paths in its own way. The forwarded reading belongs to the
 * matched route. A path that a more specific route claims in another reading is refused, regardless of what a route tolerates. Letter case
 * is such a reading, unless the service of the matched route distinguishes it.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import { ruleFor } from '../policy/access.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { Ambiguity, toleratedByAll } from '../url/ambiguity.ts';
import { canonicalPath } from '../url/canonical-path.ts';
import { decodeSlashes, otherReadings } from '../url/other-readings.ts';
import { isMoreSpecific } from '../url/path-pattern.ts';
import { mayIgnoreCase } from '../url/path-reading.ts';
import { findLeaf, refusalOf, routeFor } from './find-route.ts';
import { isClaimedInAnotherCase } from './letter-case.ts';
import type { Route } from './route.ts';
import type { Leaf, MethodRefusal, RouteMatch, RouteTable } from './route-table.ts';

/** Like `matchRoute`; `leaf` is the leaf of the canonical path. */
export function matchReadings(
  table: RouteTable,
  request: CanonicalRequest,
  leaf: Leaf | null,
): RouteMatch | MethodRefusal | ReasonCode {
  const decoded = (request.ambiguities & Ambiguity.encodedSlash) === 0 ? null : decodedReading(table, request, leaf);
  if (typeof decoded === 'string') return decoded;
  const at = decoded?.request ?? request;
  const end = decoded?.leaf ?? leaf;
  if (end === null) return (at.ambiguities & ~toleratedByAll) === 0 ? 'route_not_found' : 'path_ambiguous';
  const route = routeFor(end, at.method);
  const rule = route === null ? null : ruleFor(route.access, at.method);
  if ((at.ambiguities & ~((rule === null ? 0 : route!.tolerates) | toleratedByAll)) !== 0) return 'path_ambiguous';
  if (route === null || rule === null) return refusalOf(end);
  const path = forwardedPath(table, at, end, route);
  if (path === null || !belongsTo(table, at, end, route)) return 'path_ambiguous';
  // Kept slashes can restore a segment that a dot segment had removed, so both spellings are checked: this one, and with slashes merged.
  if (path !== at.path && !bothBelong(table, { ...at, path }, end, route)) return 'path_ambiguous';
  return { route, rule, request: path === at.path ? at : { ...at, path } };
}

/**
 * The request with `%2F` as "/", if that leads to a route whose service decodes it; otherwise null. A route that keeps the escape and
 * another that decodes it cannot both get the request.
 */
function decodedReading(
  table: RouteTable,
  request: CanonicalRequest,
  kept: Leaf | null,
): { request: CanonicalRequest; leaf: Leaf } | ReasonCode | null {
  if (!table.decodesSlashes) return null;
  const read = canonicalPath(decodeSlashes(request.path));
  if (typeof read === 'string') return read;
  const leaf = findLeaf(table, request.host, read.path);
  const route = routeOf(leaf, request.method);
  if (leaf === null || route?.reading?.decodesSlash !== true) return null;
  const other = routeOf(kept, request.method);
  if (other !== route && ((other?.tolerates ?? 0) & Ambiguity.encodedSlash) !== 0) return 'path_ambiguous';
  return { request: { ...request, ...read }, leaf };
}

function routeOf(leaf: Leaf | null, method: string): Route | null {
  const route = leaf === null ? null : routeFor(leaf, method);
  return route !== null && ruleFor(route.access, method) !== null ? route : null;
}

/** `belongsTo` for the forwarded path, and for the same path with its slashes merged. */
function bothBelong(table: RouteTable, request: CanonicalRequest, end: Leaf, route: Route): boolean {
  const merged = canonicalPath(request.path);
  if (typeof merged === 'string' || !belongsTo(table, request, end, route)) return false;
  return merged.path === request.path || belongsTo(table, { ...request, path: merged.path }, end, route);
}

/** Whether no other reading of the path belongs to a more specific route. */
function belongsTo(table: RouteTable, { host, path, method, ambiguities }: CanonicalRequest, end: Leaf, route: Route) {
  const folded = mayIgnoreCase(route.reading) ? table.folded : null;
  if (folded !== null && isClaimedInAnotherCase(folded, { host, path, method }, end, route)) return false;
  if (ambiguities === 0) return true;
  const others = otherReadings(path);
  return (
    others?.every((other) => {
      const leaf = findLeaf(folded ?? table, host, other);
      const rival = leaf?.routes[0];
      return rival === undefined || end.routes.includes(rival) || !isMoreSpecific(rival.pattern, route.pattern);
    }) ?? false
  );
}

/** The path in the form for the route's service; null if it would be read as another route's. */
function forwardedPath(table: RouteTable, at: CanonicalRequest, end: Leaf, { reading }: Route): string | null {
  let { path } = at;
  if (reading === null) return path;
  if (!reading.mergesSlashes && at.unmerged !== null) {
    path = at.unmerged;
    // Some read a path that starts with two slashes as a host (RFC 3986 section 4.2).
    if (path.startsWith('//') || findLeaf(table, at.host, path) !== end) return null;
    const again = canonicalPath(path);
    if (typeof again === 'string' || findLeaf(table, at.host, again.path) !== end) return null;
  }
  return reading.literals === null ? path : withLiterals(path, reading.literals);
}

/** Literals as the pattern writes them; parameters and the rest keep their case. Empty segments come after all literals. */
function withLiterals(path: string, literals: readonly (string | null)[]): string {
  const segments = path.slice(1).split('/');
  return `/${segments.map((segment, index) => literals[index] ?? segment).join('/')}`;
}
