/**
 * Conditions that refuse no request: every caller is exempt, every request meets them, or earlier conditions already refuse it.
 * Also finds unused names.
 */
import type { Config } from '../../config/config.ts';
import type { AccessRule } from '../../core/policy/access.ts';
import { appliesTo, type Criterion } from '../../core/policy/conditions.ts';
import { momentInWords } from '../../core/policy/time-window.ts';
import type { Route } from '../../core/routing/route.ts';
import { entriesOf } from '../../core/routing/route-table.ts';
import { authenticationsOf } from '../../policy-model/authentications.ts';
import { type Callers, canShow } from '../../policy-model/effects.ts';
import { exampleOf, listedMethods, type Probes } from '../../policy-model/probes.ts';
import { routeOfMethod, rulesOf } from '../../policy-model/route-of-method.ts';
import { conditionPlace } from './condition-places.ts';
import { conditionsKey } from './doubtful-conditions.ts';
import { type Finding, findingOf } from './finding.ts';

export function idleConditions(config: Config, probes: Probes): readonly Finding[] {
  const refusals = new Refusals({ roleMapping: config.roleMapping, authentications: authenticationsOf(config) });
  return [...usesOf(probes.table.routes)].flatMap(([criterion, routes]) => {
    const why = whyIdle(routes, criterion, refusals);
    if (why === null) return [];
    const { code, message, hint, key = [] } = why;
    const [route] = routes;
    const { subject, place } = conditionPlace(route!, criterion, ...key);
    const method = criterion.methods?.[0] ?? listedMethods(route!)?.[0];
    const example = exampleOf(probes.first(route!, method));
    return [findingOf(code, subject, place, message, { example, hint })];
  });
}

/** Conditions with the routes that have them. Conditions of a policy, or of a route with several patterns, have several. */
function usesOf(routes: readonly Route[]): ReadonlyMap<Criterion, readonly Route[]> {
  const uses = new Map<Criterion, Route[]>();
  for (const route of routes) {
    for (const criterion of route.conditions ?? []) {
      const known = uses.get(criterion);
      if (known === undefined) uses.set(criterion, [route]);
      else known.push(route);
    }
  }
  return uses;
}

interface Idle {
  readonly code: 'condition_idle' | 'condition_always_met' | 'condition_shadowed';
  readonly message: string;
  readonly hint: string;
  readonly key?: readonly string[];
}

function whyIdle(routes: readonly Route[], criterion: Criterion, refusals: Refusals): Idle | null {
  const { word, unless, unlessSource, only, onlySource } = criterion;
  const rules = routes.flatMap((route) => rulesWith(route, criterion));
  // If no identity meets the rule, the condition is not the cause.
  if (rules.length === 0) return null;
  const refuses = (criteria: (route: Route, method: string) => readonly Criterion[]) =>
    rules.some(({ route, method, rule }) => refusals.ofLast(criteria(route, method), route, rule));
  if (!refuses(() => [{ ...criterion, unless: null, only: null }])) {
    const message = `every request meets the condition "${word}", so it refuses none`;
    return { code: 'condition_always_met', message, hint: 'remove it, or compare with the intended value' };
  }
  if (only !== null && !refuses(() => [{ ...criterion, unless: null }])) {
    const message = `the condition "${word}" refuses no request: no identity that the rule allows has a role that it restricts (${onlySource.join(', ')})`;
    return { code: 'condition_idle', message, hint: 'restrict another role, or remove the condition' };
  }
  if (unless !== null && !refuses(() => [criterion])) {
    const roles = unlessSource.join(', ');
    const message = `the condition "${word}" refuses no request: every identity that the rule allows is exempt (${roles})`;
    const hint = 'a role also exempts all roles that inherit it; exempt fewer, or remove the condition';
    return { code: 'condition_idle', message, hint, key: ['unless'] };
  }
  const upTo = (route: Route, method: string) => {
    const applying = routeOfMethod(route, method).conditions!;
    return applying.slice(0, applying.indexOf(criterion) + 1);
  };
  if (refuses(upTo)) return null;
  const before = rules.flatMap(({ route, method }) => upTo(route, method).slice(0, -1));
  const names = [...new Set(before.map((earlier) => `"${earlier.word}"`))].join(', ');
  const message = `the condition "${word}" refuses only requests that ${names} already refused`;
  return { code: 'condition_shadowed', message, hint: 'remove it, or move it to the front' };
}

interface RuleUse {
  readonly route: Route;
  readonly method: string;
  readonly rule: AccessRule;
}

/** Rules that allow a caller that the condition could refuse. */
function rulesWith(route: Route, criterion: Criterion): readonly RuleUse[] {
  return rulesOf(route).flatMap(([method, rule]) =>
    rule.kind === 'deny' || !appliesTo(criterion, method) ? [] : [{ route, method, rule }],
  );
}

/** Whether conditions can refuse a request. Routes with the same conditions share the result. */
class Refusals {
  readonly #callers: Callers;
  readonly #known = new Map<string, boolean>();

  constructor(callers: Callers) {
    this.#callers = callers;
  }

  /** Whether the last condition refuses a request that the others allow. */
  ofLast(criteria: readonly Criterion[], route: Route, rule: AccessRule): boolean {
    const exempt = criteria.map(({ unless, unlessSource, only, onlySource }) => [
      unless === null ? null : unlessSource,
      only === null ? null : onlySource,
    ]);
    const sources = rule.kind === 'roles' ? JSON.stringify(rule.source) : rule.kind;
    const key = `${sources} ${JSON.stringify([exempt, route.credentials])} ${conditionsKey(criteria, route, [rule])}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Several conditions may share a word.
    const conditions = criteria.map((criterion, index) => ({ ...criterion, word: String(index) }));
    const word = String(criteria.length - 1);
    const result = canShow({ ...route, conditions }, rule, { kind: 'refuses', word }, this.#callers);
    this.#known.set(key, result);
    return result;
  }
}

/** Routes that have expired (`notAfter`). */
export function expiredRoutes({ routes }: Config, nowMs: number): readonly Finding[] {
  return entriesOf(routes.routes).flatMap(([route]) =>
    (route.conditions ?? []).flatMap((criterion) => {
      const [step] = criterion.steps;
      if (criterion.reason !== 'access_not_active' || step?.kind !== 'stretch') return [];
      const { toMs } = step.stretch;
      if (toMs === null || toMs > nowMs) return [];
      const { subject, place } = conditionPlace(route, criterion);
      const message = `this route has been closed since ${momentInWords(toMs)}`;
      return [findingOf('access_expired', subject, place, message, { hint: 'remove the route, or change "notAfter"' })];
    }),
  );
}

/** Policies that apply to no route. */
export function unusedPolicies({ policies, routes }: Config): readonly Finding[] {
  const used = new Set(routes.routes.flatMap(({ restricted }) => (restricted?.policies ?? []).map(({ id }) => id)));
  return policies.flatMap(({ id, pattern, destination }) => {
    // One for a service is compiled several times, first for the paths that it receives.
    if (used.has(id) || (destination?.rewrite ?? null) !== null) return [];
    const place = { kind: 'policy', name: id, key: ['match'] } as const;
    const message = `the policy "${id}" (${pattern.host ?? ''}${pattern.path}) applies to no route`;
    return [findingOf('policy_unused', id, place, message, { hint: 'check the spelling of its host and path' })];
  });
}

export function unusedNames({ conditionNames, routes, policies }: Config): readonly Finding[] {
  const used = new Set(
    [...routes.routes, ...policies].flatMap(({ conditions }) => (conditions ?? []).map(({ name }) => name)),
  );
  return conditionNames.flatMap((name) => {
    if (used.has(name)) return [];
    const place = { kind: 'setting', path: ['conditions', 'named', name] } as const;
    const message = `the condition "${name}" is not used`;
    return [findingOf('condition_unused', name, place, message, { hint: 'use it under "when", or remove it' })];
  });
}
