/** Values that a service may read as one of a shape, while the gateway does not: their requests can go to an open route beside it. */
import { matchRoute } from '../../core/routing/match-route.ts';
import type { Route } from '../../core/routing/route.ts';
import { innerText, type Shape } from '../../core/url/param-form.ts';
import { exampleOf, methodsToAsk, type Probes, ruleFor } from '../../policy-model/probes.ts';
import { type Finding, findingOf } from './finding.ts';
import { letsAnybodyIn, protects } from './open-routes.ts';

/** Other spellings of a value, by its shape: number parsers take signs and leading zeros, and parsers of UUIDs need no hyphens. */
const otherSpellings: Partial<Record<Shape['kind'], (text: string) => readonly string[]>> = {
  int: (text) => [`0${text}`, `+${text}`],
  uuid: (text) => [text.replaceAll('-', ''), `{${text}}`],
};

export function bypassedShapes(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) => bypassOf(route, probes) ?? []);
}

function bypassOf(route: Route, probes: Probes): Finding | null {
  const methods = methodsToAsk(route).filter((method) => protects(ruleFor(route, method)));
  if (methods.length === 0) return null;
  for (const path of otherPaths(route, probes.first(route).path)) {
    for (const method of methods) {
      const request = { ...probes.first(route, method), path };
      const match = matchRoute(probes.table, request);
      if (typeof match === 'string' || 'allow' in match || match.route === route) continue;
      const { route: open } = match;
      if (!letsAnybodyIn(ruleFor(open, method))) continue;
      const message = `a value in another spelling does not have the shape, and goes to "${open.id}" (${open.pattern.path}), which is open`;
      const place = { kind: 'route', index: route.index, key: ['match', 'path'] } as const;
      const hint = `add a route with the same rule for ${withoutShapes(route)}, or "access: deny" there`;
      return findingOf('shape_bypassed', route.id, place, message, { hint, example: exampleOf(request) });
    }
  }
  return null;
}

/** Paths of the route with one value in another spelling. */
function otherPaths({ pattern: { segments } }: Route, path: string): readonly string[] {
  const parts = path.split('/');
  return segments.flatMap((segment, index) => {
    const form = segment.kind === 'param' ? segment.form : null;
    const spell = form?.shape ? otherSpellings[form.shape.kind] : undefined;
    if (!form || spell === undefined) return [];
    const text = innerText(form, decodeURIComponent(parts[index + 1]!)) ?? '';
    return spell(text).map((other) =>
      parts.with(index + 1, encodeURIComponent(`${form.before}${other}${form.after}`).replace('%2B', '+')).join('/'),
    );
  });
}

function withoutShapes({ pattern: { path } }: Route): string {
  return path.replaceAll(/:(?:int|uuid)\}/g, '}');
}
