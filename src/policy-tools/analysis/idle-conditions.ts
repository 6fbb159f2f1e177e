/** Conditions that keep nobody out, because whoever the rules of their route let in is exempt by `unless`. */
import type { Config } from '../../config/config.ts';
import type { AccessRule } from '../../core/policy/access.ts';
import type { Criterion } from '../../core/policy/conditions.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import type { Route } from '../../core/routing/route.ts';
import { canShow } from '../verdict-classes.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, listedMethods, type Probes } from './probes.ts';

export function idleConditions({ roleMapping }: Config, probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) =>
    (route.conditions ?? []).flatMap((criterion, index) => {
      if (criterion.unless === null || keepsOut(criterion, route, roleMapping)) return [];
      const place = { kind: 'route', index: route.index, key: ['when', index, 'unless'] } as const;
      const roles = criterion.unlessSource.join(', ');
      const message = `the condition "${criterion.word}" keeps nobody out: whoever the rule lets in is exempt (${roles})`;
      const example = exampleOf(probes.first(route, listedMethods(route)?.[0]));
      const hint = 'a role exempts all that inherit it, too; exempt fewer, or take the condition away';
      return [findingOf('condition_idle', route.id, place, message, { example, hint })];
    }),
  );
}

function keepsOut(criterion: Criterion, route: Route, mapping: RoleMapping | null): boolean {
  const { every, byMethod } = route.access;
  const rules: readonly AccessRule[] = every === null ? [...byMethod.values()] : [every];
  const asked = rules.filter(({ kind }) => kind !== 'deny');
  // Where nobody is let in at all, the condition is not what is idle.
  if (asked.length === 0) return true;
  const alone: Route = { ...route, conditions: [criterion] };
  return asked.some((rule) => canShow(alone, rule, { kind: 'refuses', word: criterion.word }, mapping));
}
