/**
 * Methods that a route does not list, probably by mistake. The most specific pattern wins regardless of the method. So a route that
 * lists only GET refuses a POST with 405, even if a broader route would accept it.
 */

import { findLeaf } from '../../core/routing/find-route.ts';
import type { Route } from '../../core/routing/route.ts';
import { segmentKey } from '../../core/url/path-pattern.ts';
import { exampleOf, listedMethods, type Probes, ruleFor } from '../../policy-model/probes.ts';
import { type Finding, findingOf } from './finding.ts';

/** These follow from other methods, or cannot be listed. */
const unasked = new Set(['HEAD', 'OPTIONS']);
/** Minimum similar routes that must agree before a different one is reported. */
const minPeers = 3;

export function unlistedMethods(probes: Probes): readonly Finding[] {
  return [...probes.table.routes.flatMap((route) => forgotten(route, probes) ?? []), ...unlikePeers(probes)];
}

function forgotten(route: Route, probes: Probes): Finding | null {
  if (listedMethods(route) === null || probes.broader(route).length === 0) return null;
  const request = probes.first(route);
  const leaf = findLeaf(probes.table, request.host, request.path);
  // Reported once for routes that share a pattern, and never if one of them accepts every method.
  if (leaf?.routes[0] !== route) return null;
  for (const other of probes.broader(route)) {
    const missing = (listedMethods(other) ?? []).filter((method) => {
      return (
        !unasked.has(method) &&
        leaf.routes.every((taker) => ruleFor(taker, method) === null) &&
        ruleFor(other, method)?.kind !== 'deny'
      );
    });
    if (missing.length === 0) continue;
    const methods = missing.join(', ');
    const [get, them] = missing.length === 1 ? ['gets', 'it'] : ['get', 'them'];
    const message = `${methods} ${get} 405 here, although "${other.id}", which also matches, lists ${them}`;
    const place = {
      kind: 'route',
      index: route.index,
      key: route.access.every === null ? ['access'] : ['match'],
    } as const;
    return findingOf('method_unlisted', route.id, place, message, {
      hint: `list ${methods} here too, with "deny" if this is intended`,
      example: exampleOf({ ...request, method: missing[0]! }),
    });
  }
  return null;
}

/** Routes of one upstream whose patterns differ in one literal, such as collections of one service. */
function unlikePeers(probes: Probes): readonly Finding[] {
  const groups = new Map<string, { route: Route; methods: ReadonlySet<string> }[]>();
  for (const route of probes.table.routes) {
    const methods = listedMethods(route);
    if (methods === null) continue;
    const key = kindOf(route);
    const group = groups.get(key);
    const member = { route, methods: new Set(methods) };
    if (group === undefined) groups.set(key, [member]);
    else group.push(member);
  }
  const findings: Finding[] = [];
  for (const group of groups.values()) {
    if (group.length <= minPeers) continue;
    const counts = new Map<string, number>();
    for (const { methods } of group) for (const method of methods) counts.set(method, (counts.get(method) ?? 0) + 1);
    for (const [method, count] of counts) {
      if (count !== group.length - 1 || unasked.has(method)) continue;
      const { route } = group.find(({ methods }) => !methods.has(method))!;
      const peers = group.filter((one) => one.route !== route).slice(0, 3);
      const names = peers.map((one) => `"${one.route.id}"`).join(', ');
      const message = `${method} is not listed here, although ${names}${count > peers.length ? ' and all similar routes' : ''} list it`;
      const place = { kind: 'route', index: route.index, key: ['access'] } as const;
      const example = exampleOf(probes.first(route, method));
      findings.push(findingOf('method_unlike_peers', route.id, place, message, { example }));
    }
  }
  return findings.sort((a, b) => ('index' in a.place && 'index' in b.place ? a.place.index - b.place.index : 0));
}

/** Host, upstream, and the pattern without its last literal. */
function kindOf({ pattern, upstream }: Route): string {
  const last = pattern.segments.findLastIndex(({ kind }) => kind === 'literal');
  const shape = pattern.segments.map((segment, index) => {
    return index === last ? 'one' : segmentKey(segment);
  });
  return JSON.stringify([pattern.host, upstream, ...shape]);
}
