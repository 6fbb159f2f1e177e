/** Conditions that are most likely wrong: no request meets them, they compare with the wrong text, or the author forgot them. */

import type { Config } from '../../config/config.ts';
import { type AccessRule, rulesIn } from '../../core/policy/access.ts';
import { type Criterion, sourcesIn } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { type ParamName, placeOfParam, segmentKey } from '../../core/url/path-pattern.ts';
import { authenticationsOf } from '../../policy-model/authentications.ts';
import { type Callers, canMeet, canShow } from '../../policy-model/effects.ts';
import { exampleOf, listedMethods, type Probes } from '../../policy-model/probes.ts';
import { routeOfMethod, rulesOf, rulesUnder } from '../../policy-model/route-of-method.ts';
import { literalsIn } from '../../policy-model/samples/step-values.ts';
import { Budget } from '../../policy-model/solve.ts';
import { criterionKey, takersOf } from '../../policy-model/statements.ts';
import { conditionPlace } from './condition-places.ts';
import { type Finding, findingOf } from './finding.ts';

/** Maximum search steps for one question, and for all routes together. Conditions that need more are not judged. */
const maxSteps = 20_000;
const maxStepsOfAll = 2_000_000;

/** Conditions that no request meets, alone or together. */
export function unmeetableConditions(config: Config, probes: Probes): readonly Finding[] {
  const authentications = authenticationsOf(config);
  let left = maxStepsOfAll;
  const verdicts = new Map<string, boolean>();
  /** Routes with the same conditions get the same result, however they are matched. */
  const meetable = (criteria: readonly Criterion[], route: Route, rules: readonly AccessRule[]): boolean => {
    const key = conditionsKey(criteria, route, rules);
    const known = verdicts.get(key) ?? decide(criteria, route, rules);
    verdicts.set(key, known);
    return known;
  };
  const decide = (criteria: readonly Criterion[], route: Route, rules: readonly AccessRule[]): boolean => {
    const anonymous = rules.some(({ kind }) => kind === 'public' || kind === 'optional');
    const known = rules.some(({ kind }) => kind !== 'public' && kind !== 'deny');
    if (!anonymous && !known) return true;
    const budget = new Budget(Math.min(maxSteps, left));
    const callers = [...(anonymous ? [false] : []), ...(known ? [true] : [])];
    const possible = callers.some((identified) => canMeet(criteria, route, identified, authentications, budget));
    left -= budget.spent;
    return possible;
  };
  return probes.table.routes.flatMap((route) => {
    const { conditions } = route;
    if (conditions === null) return [];
    const example = exampleOf(probes.first(route));
    const alone = conditions.flatMap((criterion) => {
      if (meetable([criterion], route, rulesUnder(criterion, route))) return [];
      const { word, policy, methods } = criterion;
      const isOwn = policy === null;
      const { place } = isOwn
        ? conditionPlace(route, criterion)
        : { place: { kind: 'route', index: route.index } as const };
      const from = isOwn ? '' : ` of the policy "${policy}"`;
      const requests = methods === null ? 'request' : `${methods.join(' or ')} request`;
      const message = `no ${requests} can meet the condition "${word}"${from}${exempt([criterion])}`;
      const text = methods === null ? example : exampleOf(probes.first(route, methods[0]));
      return [findingOf('condition_unmeetable', route.id, place, message, { example: text })];
    });
    if (alone.length > 0 || conditions.length < 2) return alone;
    const place = { kind: 'route', index: route.index, key: ['when'] } as const;
    const rules = rulesOf(route).map(([method, rule]) => {
      const together = routeOfMethod(route, method).conditions ?? [];
      return { method, together, met: together.length < 2 || meetable(together, route, [rule]) };
    });
    const unmet = rules.filter(({ met }) => !met);
    const ofEveryMethod = unmet.length === rules.length;
    return (ofEveryMethod ? unmet.slice(0, 1) : unmet).map(({ method, together }) => {
      const ofMethod = ofEveryMethod ? '' : ` for ${method}`;
      const message = `no request can meet all conditions of this route${ofMethod} at once${exempt(together)}`;
      return findingOf('condition_unmeetable', route.id, place, message, { example });
    });
  });
}

export function conditionsKey(criteria: readonly Criterion[], route: Route, rules: readonly AccessRule[]): string {
  const kinds = rules.map(({ kind }) => kind);
  const params = criteria.flatMap(({ steps }) => steps.flatMap(sourcesIn));
  const forms = params.map((param) => takersOf(param, route));
  const words = criteria.map((criterion) => criterionKey(criterion, route));
  return JSON.stringify([kinds, route.credentials, forms, words]);
}

function exempt(criteria: readonly Criterion[]): string {
  const roles = new Set(criteria.flatMap(({ unlessSource }) => unlessSource));
  const only = new Set(criteria.flatMap(({ onlySource }) => onlySource));
  const exempted = roles.size === 0 ? '' : `, except by exemption (${[...roles].join(', ')})`;
  return only.size === 0 ? exempted : `${exempted}, except without a role that it restricts (${[...only].join(', ')})`;
}

/** Looks like a value, also in a wrong spelling. */
const likeValue = /^(?:params?|query|headers?|identity)\.[\w-]/i;

/** Texts in conditions that look like a value of the request or the identity, but are compared literally. */
export function suspectLiterals(probes: Probes): readonly Finding[] {
  return probes.table.routes.flatMap((route) =>
    (route.conditions ?? []).flatMap((criterion) => {
      const { word, steps } = criterion;
      if (!steps.some((step) => literalsIn(step).some((text) => likeValue.test(text)))) return [];
      const { subject, place } = conditionPlace(route, criterion);
      const message = `the condition "${word}" compares with a text that looks like a reference, such as identity.userId`;
      const example = exampleOf(probes.first(route, listedMethods(route)?.[0]));
      const hint = 'write a reference alone after equals or startsWith, in lower case; lists contain only text';
      return [findingOf('literal_like_value', subject, place, message, { example, hint })];
    }),
  );
}

interface Compared {
  readonly route: Route;
  readonly criterion: Criterion;
}

/**
 * Parameters that neighboring routes compare and this route does not: the one endpoint that does not check whose resource it
 * returns (OWASP API1:2023, broken object level authorization).
 */
export function uncomparedParams(config: Config, probes: Probes): readonly Finding[] {
  const callers = { roleMapping: config.roleMapping, authentications: authenticationsOf(config) };
  const compared = new Map<string, Compared>();
  for (const route of probes.table.routes) {
    for (const criterion of route.conditions ?? []) {
      for (const param of paramsOf(criterion)) {
        const key = paramKey(route, placeOfParam(param, route.pattern));
        if (!compared.has(key)) compared.set(key, { route, criterion });
      }
    }
  }
  if (compared.size === 0) return [];
  return probes.table.routes.flatMap((route) => {
    const own = new Set((route.conditions ?? []).flatMap(paramsOf).map((param) => placeOfParam(param, route.pattern)));
    for (const name of route.pattern.params) {
      const at = placeOfParam({ name }, route.pattern);
      const sibling = compared.get(paramKey(route, at));
      if (own.has(at) || sibling === undefined || !concerns(sibling.criterion, route, callers)) continue;
      const { id } = sibling.route;
      const message = `"${name}" is not compared here, although "${id}" compares it (${sibling.criterion.word}): a caller can use any value`;
      const place = { kind: 'route', index: route.index, key: ['match'] } as const;
      const hint = 'add the same condition, unless every caller of this route may use every value';
      return [
        findingOf('param_uncompared', route.id, place, message, { hint, example: exampleOf(probes.first(route)) }),
      ];
    }
    return [];
  });
}

/** Host, service, and the pattern up to the parameter, which identify the same parameter on two routes. */
function paramKey({ pattern, upstream }: Route, at: number): string {
  const shape = pattern.segments.slice(0, at + 1).map(segmentKey);
  return JSON.stringify([pattern.host, upstream, ...shape]);
}

function paramsOf({ steps }: Criterion): readonly ParamName[] {
  return steps.flatMap(sourcesIn).filter((source) => source.from === 'param');
}

/** Whether the condition could refuse a caller that the route allows now. A public route is open on purpose. */
function concerns(criterion: Criterion, route: Route, callers: Callers): boolean {
  const rules = rulesIn(route.access);
  const alone: Route = { ...route, conditions: [criterion] };
  return rules.some(
    (rule) =>
      (rule.kind === 'roles' || rule.kind === 'authenticated') &&
      canShow(alone, rule, { kind: 'refuses', word: criterion.word }, callers),
  );
}
