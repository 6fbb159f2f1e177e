/** Routes that let in more than their surroundings do: public ones below a protected prefix, and ones in shadow mode. */
import type { AccessRule } from '../../core/policy/access.ts';
import { ruleInWords, written } from '../../core/routing/describe-routes.ts';
import type { Route } from '../../core/routing/route.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, listedMethods, type Probes, ruleFor } from './probes.ts';

export function openRoutes(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) => [...(publicBelow(route, probes) ?? []), ...inShadow(route, probes)]);
}

function publicBelow(route: Route, probes: Probes): readonly Finding[] | null {
  const methods = listedMethods(route) ?? ['GET'];
  const open = methods.filter((method) => letsAnybodyIn(ruleFor(route, method)));
  if (open.length === 0) return null;
  for (const other of probes.broader(route)) {
    // A prefix of nothing protects nothing in particular.
    if (!other.pattern.segments.some(({ kind }) => kind === 'literal')) continue;
    const method = open.find((one) => protects(ruleFor(other, one)));
    if (method === undefined) continue;
    const rule = ruleInWords(written(ruleFor(other, method)!));
    const every = listedMethods(route) === null ? 'every method' : open.join(', ');
    const kind = ruleFor(route, method)!.kind === 'public' ? 'public' : 'open without an identity';
    const message = `${every} is ${kind} here, below "${other.id}" (${other.pattern.path}), which asks for ${rule}`;
    const place = { kind: 'route', index: route.index, key: ['access'] } as const;
    const example = exampleOf(probes.first(route, method));
    return [findingOf('public_under_protected', route.id, place, message, { example })];
  }
  return null;
}

function letsAnybodyIn(rule: AccessRule | null): boolean {
  return rule?.kind === 'public' || rule?.kind === 'optional';
}

/** A rule that needs to know who asks; one that refuses everybody guards no one's things. */
function protects(rule: AccessRule | null): boolean {
  return rule?.kind === 'authenticated' || rule?.kind === 'roles';
}

function inShadow(route: Route, probes: Probes): readonly Finding[] {
  if (route.mode !== 'shadow') return [];
  const message = 'this route is in shadow mode: it lets everybody through whom its rule refuses';
  const place = { kind: 'route', index: route.index, key: ['mode'] } as const;
  const example = exampleOf(probes.first(route));
  const hint = 'take "mode" away once the counts are as they should be';
  return [findingOf('route_in_shadow', route.id, place, message, { example, hint })];
}
