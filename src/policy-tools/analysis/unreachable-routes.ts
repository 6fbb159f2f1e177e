/** Routes that no request can reach: more specific routes take all their requests, or their own path is refused. */

import type { CanonicalRequest } from '../../core/request/request-view.ts';
import { findLeaf } from '../../core/routing/find-route.ts';
import { matchRoute } from '../../core/routing/match-route.ts';
import type { Route } from '../../core/routing/route.ts';
import type { RouteTable } from '../../core/routing/route-table.ts';
import { toleratedByAll } from '../../core/url/ambiguity.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { oneSpelling } from '../../core/url/compile-pattern.ts';
import { exampleOf, listedMethods, type Probes } from '../../policy-model/probes.ts';
import { type Finding, findingOf } from './finding.ts';

export function unreachableRoutes(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) => refused(route, probes) ?? unreachable(route, probes) ?? []);
}

/** The route's pattern, if the entry has several. */
function nameOf({ id, pattern: { host, path } }: Route, { table }: Probes): string {
  const several = table.routes.filter((one) => one.id === id).length > 1;
  return several ? `"${host ?? ''}${path}" of this route` : 'this route';
}

/** A literal in a spelling that services may parse in more than one way is refused unless the route tolerates it. */
function refused(route: Route, probes: Probes): Finding | null {
  for (const segment of route.pattern.segments) {
    if (segment.kind !== 'literal' || oneSpelling.test(segment.text)) continue;
    const text = encodeURIComponent(segment.text);
    const read = canonicalPath(`/${text}`);
    const tolerated = route.tolerates | toleratedByAll;
    if (typeof read !== 'string' && (read.ambiguities & ~tolerated) === 0) continue;
    const place = { kind: 'route', index: route.index, key: ['match'] } as const;
    const message = `${nameOf(route, probes)} never matches: a path with "${text}" is refused, because services read it in several ways`;
    const hint = 'set "path" of the route to keep that spelling, or write the pattern without it';
    return findingOf('route_unreachable', route.id, place, message, { example: exampleOf(probes.first(route)), hint });
  }
  return null;
}

function unreachable(route: Route, probes: Probes): Finding | null {
  const { table } = probes;
  const winners = new Set<string>();
  let cased = false;
  if (!probes.triesAll(route)) return null;
  for (const request of probes.of(route)) {
    const leaf = findLeaf(table, request.host, request.path);
    if (leaf?.routes.some((one) => one === route) === true) {
      if (table.folded === null || !claimedInAnotherCase(route, request, table)) return null;
      cased = true;
    } else {
      for (const winner of leaf?.routes ?? []) winners.add(winner.id);
    }
  }
  const place = { kind: 'route', index: route.index, key: ['match'] } as const;
  const example = exampleOf(probes.first(route));
  if (cased) {
    const message = `${nameOf(route, probes)} never matches: another route claims all its paths in another letter case`;
    const hint = 'if the service distinguishes case, set "path.caseSensitive: true"; otherwise remove one of the two';
    return findingOf('route_unreachable', route.id, place, message, { example, hint });
  }
  const names = [...winners].map((id) => `"${id}"`).join(' and ');
  const message = `${nameOf(route, probes)} never matches: all its requests go to ${names}`;
  return findingOf('route_unreachable', route.id, place, message, { example, hint: 'remove it, or widen its pattern' });
}

const commonMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const uncommonMethod = 'ANYTHING';

/** If the service ignores letter case, a route in another spelling can claim the same requests, method by method. */
function claimedInAnotherCase(route: Route, request: CanonicalRequest, table: RouteTable): boolean {
  const methods = listedMethods(route) ?? [...commonMethods, uncommonMethod];
  return methods.every((method) => matchRoute(table, { ...request, method }) === 'path_ambiguous');
}
