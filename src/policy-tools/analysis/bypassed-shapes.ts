/** Other spellings of a route's paths, which a service may read as the same, but which go to a route with a weaker rule. */
import type { AccessRule } from '../../core/policy/access.ts';
import type { CanonicalRequest } from '../../core/request/request-view.ts';
import { accessSource, ruleInWords } from '../../core/routing/describe-routes.ts';
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
  return probes.table.routes.flatMap((route) => shapeBypassOf(route, probes) ?? caseBypassOf(route, probes) ?? []);
}

function shapeBypassOf(route: Route, probes: Probes): Finding | null {
  const bypass = bypassBy(otherPaths(route, probes.first(route).path), letsAnybodyIn, route, probes);
  if (bypass === null) return null;
  const { taking, request } = bypass;
  const message = `a value in another spelling does not have the shape, and goes to "${taking.id}" (${taking.pattern.path}), which is open`;
  const place = { kind: 'route', index: route.index, key: ['match', 'path'] } as const;
  const hint = `add a route with the same rule for ${withoutShapes(route)}, or "access: deny" there`;
  return findingOf('shape_bypassed', route.id, place, message, { hint, example: exampleOf(request) });
}

/** A route with `caseSensitive: true` takes these paths; beside others, they are refused. */
function caseBypassOf(route: Route, probes: Probes): Finding | null {
  const isWeaker = (rule: AccessRule | null, own: AccessRule | null) =>
    letsAnybodyIn(rule) || (rule?.kind === 'authenticated' && own?.kind === 'roles');
  const bypass = bypassBy(pathsInOtherCase(route, probes.first(route).path), isWeaker, route, probes);
  if (bypass === null) return null;
  const { taking, method, request } = bypass;
  const rule = ruleInWords(accessSource(ruleFor(taking, method)!));
  const message = `its paths in another letter case go to "${taking.id}" (${taking.pattern.path}), whose rule is weaker (${rule})`;
  const place = { kind: 'route', index: route.index, key: ['match', 'path'] } as const;
  const hint = `remove "path.caseSensitive" of "${taking.id}", so that such paths are refused, unless every service behind it distinguishes case`;
  return findingOf('case_bypassed', route.id, place, message, { hint, example: exampleOf(request) });
}

interface Bypass {
  readonly taking: Route;
  readonly method: string;
  readonly request: CanonicalRequest;
}

/** The first request to one of the paths that another route with a weaker rule takes. */
function bypassBy(
  paths: readonly string[],
  isWeaker: (rule: AccessRule | null, own: AccessRule | null) => boolean,
  route: Route,
  probes: Probes,
): Bypass | null {
  const methods = methodsToAsk(route).filter((method) => protects(ruleFor(route, method)));
  for (const path of methods.length === 0 ? [] : paths) {
    for (const method of methods) {
      const request = { ...probes.first(route, method), path };
      const match = matchRoute(probes.table, request);
      if (typeof match === 'string' || 'allow' in match || match.route === route) continue;
      const { route: taking } = match;
      if (isWeaker(ruleFor(taking, method), ruleFor(route, method))) return { taking, method, request };
    }
  }
  return null;
}

/** Paths of the route with the first letter of one literal in the other case. */
function pathsInOtherCase({ pattern: { segments } }: Route, path: string): readonly string[] {
  const parts = path.split('/');
  return segments.flatMap(({ kind }, index) => {
    const part = parts[index + 1];
    if (kind !== 'literal' || part === undefined) return [];
    const other = part.replace(/(?<!%[\dA-F]?)[a-z]/i, otherCase);
    return other === part ? [] : [parts.with(index + 1, other).join('/')];
  });
}

function otherCase(letter: string): string {
  const upper = letter.toUpperCase();
  return letter === upper ? letter.toLowerCase() : upper;
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
