/**
 * Parameters that the routes beside a route compare, and the route itself does not: the one endpoint that forgot whose
 * resource it hands out (OWASP API1:2023, broken object level authorization).
 */
import type { Config } from '../../config/config.ts';
import type { AccessRule } from '../../core/policy/access.ts';
import type { Criterion, ValueSource } from '../../core/policy/conditions.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import type { Route } from '../../core/routing/route.ts';
import { canShow } from '../verdict-classes.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, type Probes } from './probes.ts';

interface Compared {
  readonly route: Route;
  readonly criterion: Criterion;
}

export function uncomparedParams({ roleMapping }: Config, probes: Probes): readonly Finding[] {
  const compared = new Map<string, Compared>();
  for (const route of probes.table.routes) {
    for (const criterion of route.conditions ?? []) {
      for (const name of paramsOf(criterion)) {
        const key = keyOf(route, name);
        if (!compared.has(key)) compared.set(key, { route, criterion });
      }
    }
  }
  if (compared.size === 0) return [];
  return probes.table.routes.flatMap((route) => {
    const own = new Set((route.conditions ?? []).flatMap(paramsOf));
    for (const name of route.pattern.params) {
      const sibling = compared.get(keyOf(route, name));
      if (own.has(name) || sibling === undefined || !concerns(sibling.criterion, route, roleMapping)) continue;
      const { id } = sibling.route;
      const message = `"${name}" is not compared here, as "${id}" does (${sibling.criterion.word}): a caller can name any`;
      const place = { kind: 'route', index: route.index, key: ['match'] } as const;
      const hint = 'add the same condition, unless every caller of this route may have all of them';
      return [
        findingOf('param_uncompared', route.id, place, message, { hint, example: exampleOf(probes.first(route)) }),
      ];
    }
    return [];
  });
}

/** Host, service, and the pattern up to the parameter: what both routes call the same thing. */
function keyOf({ pattern, upstream }: Route, name: string): string {
  const at = pattern.segments.findIndex((segment) => segment.kind === 'param' && segment.name === name);
  const shape = pattern.segments
    .slice(0, at)
    .map((segment) => (segment.kind === 'literal' ? `=${segment.text}` : segment.kind));
  return JSON.stringify([pattern.host, upstream, ...shape]);
}

function paramsOf({ steps }: Criterion): readonly string[] {
  const names = (source: ValueSource) => (source.from === 'param' ? [source.name] : []);
  return steps.flatMap((step) => {
    if (step.kind !== 'compare') return [];
    const { comparison, subject } = step;
    const operand =
      comparison.operator !== 'exists' && 'source' in comparison.operand ? comparison.operand.source : null;
    return [...names(subject), ...(operand === null ? [] : names(operand))];
  });
}

/** Whether the condition could refuse a caller whom the route allows now; a public route is open on purpose. */
function concerns(criterion: Criterion, route: Route, mapping: RoleMapping | null): boolean {
  const { every, byMethod } = route.access;
  const rules: readonly AccessRule[] = every === null ? [...byMethod.values()] : [every];
  const alone: Route = { ...route, conditions: [criterion] };
  return rules.some(
    (rule) =>
      (rule.kind === 'roles' || rule.kind === 'authenticated') &&
      canShow(alone, rule, { kind: 'refuses', word: criterion.word }, mapping),
  );
}
