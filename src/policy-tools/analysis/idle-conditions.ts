/** Conditions that refuse no request: everybody is exempt, every request meets them, or those before them refuse it already. And names that nothing uses. */
import type { Config } from '../../config/config.ts';
import type { AccessRule } from '../../core/policy/access.ts';
import { appliesTo, type Criterion } from '../../core/policy/conditions.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import type { Route } from '../../core/routing/route.ts';
import { entriesOf, type RouteEntry } from '../../core/routing/route-table.ts';
import { routeOfMethod, rulesOf } from '../route-of-method.ts';
import { canShow } from '../verdict-classes.ts';
import { conditionsKey } from './doubtful-conditions.ts';
import { type Finding, findingOf } from './finding.ts';
import { exampleOf, listedMethods, type Probes } from './probes.ts';

export function idleConditions({ roleMapping }: Config, probes: Probes): readonly Finding[] {
  const refusals = new Refusals(roleMapping);
  return entriesOf(probes.table.routes).flatMap((entry) => {
    const [route] = entry;
    return (route.conditions ?? []).flatMap((criterion, index) => {
      const why = whyIdle(entry, index, refusals);
      if (why === null) return [];
      const { code, message, hint, key = [] } = why;
      const place = { kind: 'route', index: route.index, key: ['when', index, ...key] } as const;
      const method = criterion.methods?.[0] ?? listedMethods(route)?.[0];
      const example = exampleOf(probes.first(route, method));
      return [findingOf(code, route.id, place, message, { example, hint })];
    });
  });
}

interface Idle {
  readonly code: 'condition_idle' | 'condition_always_met' | 'condition_shadowed';
  readonly message: string;
  readonly hint: string;
  readonly key?: readonly string[];
}

function whyIdle(entry: RouteEntry, index: number, refusals: Refusals): Idle | null {
  const criterion = entry[0].conditions![index]!;
  const { word, unless, unlessSource } = criterion;
  const asked = entry.flatMap((route) => rulesWith(route, criterion));
  // Where nobody is let in at all, the condition is not what is idle.
  if (asked.length === 0) return null;
  const refuses = (criteria: (route: Route, method: string) => readonly Criterion[]) =>
    asked.some(({ route, method, rule }) => refusals.ofLast(criteria(route, method), route, rule));
  if (!refuses(() => [{ ...criterion, unless: null }])) {
    const message = `every request meets the condition "${word}", so that it refuses none`;
    return { code: 'condition_always_met', message, hint: 'remove it, or compare with what is meant' };
  }
  if (unless !== null && !refuses(() => [criterion])) {
    const roles = unlessSource.join(', ');
    const message = `the condition "${word}" keeps nobody out: whoever the rule lets in is exempt (${roles})`;
    const hint = 'a role exempts all that inherit it, too; exempt fewer, or take the condition away';
    return { code: 'condition_idle', message, hint, key: ['unless'] };
  }
  const upTo = (route: Route, method: string) => {
    const applying = routeOfMethod(route, method).conditions!;
    return applying.slice(0, applying.indexOf(criterion) + 1);
  };
  if (refuses(upTo)) return null;
  const before = entry[0].conditions!.slice(0, index).map((earlier) => `"${earlier.word}"`);
  const names = [...new Set(before)].join(', ');
  const message = `the condition "${word}" refuses no request that ${names} before it let through`;
  return { code: 'condition_shadowed', message, hint: 'remove it, or put it in front' };
}

interface Asked {
  readonly route: Route;
  readonly method: string;
  readonly rule: AccessRule;
}

/** Rules that let somebody in whom the condition could refuse. */
function rulesWith(route: Route, criterion: Criterion): readonly Asked[] {
  return rulesOf(route).flatMap(([method, rule]) =>
    rule.kind === 'deny' || !appliesTo(criterion, method) ? [] : [{ route, method, rule }],
  );
}

/** Whether conditions can refuse; routes with the same ones get the same result. */
class Refusals {
  readonly #mapping: RoleMapping | null;
  readonly #known = new Map<string, boolean>();

  constructor(mapping: RoleMapping | null) {
    this.#mapping = mapping;
  }

  /** Whether the last of the conditions refuses some request that the others let through. */
  ofLast(criteria: readonly Criterion[], route: Route, rule: AccessRule): boolean {
    const exempt = criteria.map(({ unless, unlessSource }) => (unless === null ? null : unlessSource));
    const sources = rule.kind === 'roles' ? JSON.stringify(rule.source) : rule.kind;
    const key = `${sources} ${JSON.stringify([exempt, route.credentials])} ${conditionsKey(criteria, route, [rule])}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Several conditions may share a word.
    const conditions = criteria.map((criterion, index) => ({ ...criterion, word: String(index) }));
    const word = String(criteria.length - 1);
    const found = canShow({ ...route, conditions }, rule, { kind: 'refuses', word }, this.#mapping);
    this.#known.set(key, found);
    return found;
  }
}

export function unusedNames({ conditionNames, routes }: Config): readonly Finding[] {
  const used = new Set(routes.routes.flatMap(({ conditions }) => (conditions ?? []).map(({ name }) => name)));
  return conditionNames.flatMap((name) => {
    if (used.has(name)) return [];
    const place = { kind: 'setting', path: ['conditions', 'named', name] } as const;
    const message = `nothing uses the condition "${name}"`;
    return [findingOf('condition_unused', name, place, message, { hint: 'name it under "when", or remove it' })];
  });
}
