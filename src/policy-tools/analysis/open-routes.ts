/** Routes that let in more callers than their surroundings do: public routes in a protected place. */
import type { AccessRule } from '../../core/policy/access.ts';
import type { CanonicalRequest } from '../../core/request/request-view.ts';
import { evictsFromPath } from '../../core/revocation/eviction.ts';
import { accessSource, ruleInWords } from '../../core/routing/describe-routes.ts';
import { matchRoute } from '../../core/routing/match-route.ts';
import type { Route } from '../../core/routing/route.ts';
import { exampleOf, listedMethods, methodsToAsk, type Probes, ruleFor } from '../../policy-model/probes.ts';
import { type Finding, findingOf } from './finding.ts';

export function openRoutes(probes: Probes): readonly Finding[] {
  return [
    ...probes.table.routes.flatMap((route) => [...(publicBelow(route, probes) ?? []), ...evictsForAll(route)]),
    ...publicOver(probes),
  ];
}

/** Maximum pairs of routes and hosts to compare. */
const maxPairs = 200_000;

/**
 * A host takes precedence over a path, so an open route for one host takes requests that a route for every host protects by path.
 */
function publicOver(probes: Probes): readonly Finding[] {
  const { table } = probes;
  /** Host patterns of open routes, each with a host that it matches. */
  const hosts = new Map<string, string>();
  for (const route of table.routes) {
    const open = methodsToAsk(route).some((method) => letsAnybodyIn(ruleFor(route, method)));
    if (open && route.pattern.host !== null) hosts.set(route.pattern.host, probes.first(route).host);
  }
  if (hosts.size === 0 || hosts.size * table.routes.length > maxPairs) return [];
  const findings = new Map<Route, Finding>();
  for (const guarding of table.routes) {
    const { host: own, segments } = guarding.pattern;
    if (!segments.some(({ kind }) => kind === 'literal')) continue;
    const methods = methodsToAsk(guarding).filter((method) => protects(ruleFor(guarding, method)));
    if (methods.length === 0) continue;
    const probe = probes.first(guarding, methods[0]);
    for (const [pattern, host] of hosts) {
      if (pattern === own || (own !== null && !(own.startsWith('*.') && host.endsWith(own.slice(1))))) continue;
      for (const method of methods) {
        const match = matchRoute(table, { ...probe, host, method });
        if (typeof match === 'string' || 'allow' in match) continue;
        const taking = match.route;
        if (findings.has(taking) || taking.pattern.host !== pattern) continue;
        if (!letsAnybodyIn(ruleFor(taking, method))) continue;
        const message = `requests that "${guarding.id}" (${guarding.pattern.path}) protects are open on ${pattern}, because a host takes precedence over a path`;
        const place = { kind: 'route', index: taking.index, key: ['match'] } as const;
        const hint = `add a route for ${guarding.pattern.path} on this host`;
        const example = exampleOf({ ...probe, host, method });
        findings.set(taking, findingOf('public_over_protected', taking.id, place, message, { example, hint }));
      }
    }
  }
  return [...findings.values()];
}

/** A service may confirm the end of something that it never had. */
function evictsForAll(route: Route): readonly Finding[] {
  if (route.evict === null || !evictsFromPath(route.evict)) return [];
  if (!methodsToAsk(route).some((method) => letsAnybodyIn(ruleFor(route, method)))) return [];
  const message = 'calls without a credential choose what this route ends';
  const place = { kind: 'route', index: route.index, key: ['evict'] } as const;
  const hint = 'require a credential, or let the service send the revocation itself';
  return [findingOf('evict_public', route.id, place, message, { hint })];
}

function publicBelow(route: Route, probes: Probes): readonly Finding[] | null {
  const methods = methodsToAsk(route);
  const open = methods.filter((method) => letsAnybodyIn(ruleFor(route, method)));
  if (open.length === 0) return null;
  for (const other of probes.broader(route)) {
    // A pattern without literals protects nothing in particular.
    if (!other.pattern.segments.some(({ kind }) => kind === 'literal')) continue;
    const method = open.find((one) => protects(ruleFor(other, one)));
    if (method === undefined) continue;
    // The route is open only if a request reaches it. Another route in different letter case may prevent that.
    const reaching = probes.of(route, method).find((request) => takes(route, request, probes));
    if (reaching === undefined) return null;
    const rule = ruleInWords(accessSource(ruleFor(other, method)!));
    const every = listedMethods(route) === null && route.access.byMethod.size === 0 ? 'every method' : open.join(', ');
    const kind = ruleFor(route, method)!.kind === 'public' ? 'public' : 'open without an identity';
    const message = `${every} is ${kind} here, below "${other.id}" (${other.pattern.path}), which requires ${rule}`;
    const place = { kind: 'route', index: route.index, key: ['access'] } as const;
    const example = exampleOf(reaching);
    return [findingOf('public_under_protected', route.id, place, message, { example })];
  }
  return null;
}

function takes(route: Route, request: CanonicalRequest, { table }: Probes): boolean {
  const match = matchRoute(table, request);
  return typeof match !== 'string' && 'route' in match && match.route === route;
}

export function letsAnybodyIn(rule: AccessRule | null): boolean {
  return rule?.kind === 'public' || rule?.kind === 'optional';
}

/** Whether a rule needs to identify the caller. A rule that refuses everyone protects no caller's data. */
export function protects(rule: AccessRule | null): boolean {
  return rule?.kind === 'authenticated' || rule?.kind === 'roles';
}
