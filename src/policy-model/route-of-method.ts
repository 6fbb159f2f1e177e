/** A route for one method, with the conditions that apply to it. Tools analyze rules in this form. */
import { type AccessRule, otherMethods, ruleFor, ruleMethods } from '../core/policy/access.ts';
import { appliesTo, type Criterion } from '../core/policy/conditions.ts';
import type { Route } from '../core/routing/route.ts';
import { claims } from '../core/routing/route-table.ts';

/** By the conditions that apply, because results about a route are cached by object. */
const cache = new WeakMap<Route, Map<string, Route>>();

/** The route itself if its conditions apply to every method. `*`: a method that neither rules nor conditions list. */
export function routeOfMethod(route: Route, method: string): Route {
  const { conditions } = route;
  if (conditions === null || conditions.every(isForAll)) return route;
  const applying = conditions.filter((criterion) => appliesTo(criterion, method));
  const known = cache.get(route) ?? new Map<string, Route>();
  cache.set(route, known);
  const key = applying.map((criterion) => conditions.indexOf(criterion)).join();
  const own = known.get(key) ?? { ...route, conditions: applying.length === 0 ? null : applying };
  known.set(key, own);
  return own;
}

/** Methods that differ in their rule or their conditions, each with its rule; `*` for every other method, last. */
export function rulesOf(route: Route): readonly (readonly [method: string, rule: AccessRule])[] {
  const { access, methods } = route;
  const listed = [...(access.every === null ? [] : (methods ?? [])), ...access.byMethod.keys(), ...methodsOf(route)];
  const rules = [...new Set(listed)].flatMap((method) => {
    const rule = claims(route, method) ? ruleFor(access, method) : null;
    return rule === null ? [] : [[method, rule] as const];
  });
  return access.every !== null && methods === null ? [...rules, [otherMethods, access.every]] : rules;
}

/** A method that has no rule of its own. */
export function otherMethod(route: Route): string {
  const named = new Set(rulesOf(route).map(([method]) => method));
  return ['GET', ...ruleMethods].find((one) => !named.has(one) && one !== 'HEAD') ?? 'GET';
}

/** As in `rulesOf`, for the method of a request to the route. */
export function ruleKey(route: Route, method: string): string {
  const keys = rulesOf(route).map(([key]) => key);
  if (keys.includes(method)) return method;
  return method === 'HEAD' && keys.includes('GET') ? 'GET' : otherMethods;
}

/** The rules of the methods that a condition is for. */
export function rulesUnder(criterion: Criterion, route: Route): readonly AccessRule[] {
  const rules = rulesOf(route).filter(([method]) => appliesTo(criterion, method));
  return [...new Set(rules.map(([, rule]) => rule))];
}

function isForAll({ methods, exceptMethods }: Criterion): boolean {
  return methods === null && exceptMethods.length === 0;
}

/** Methods that conditions name. */
export function methodsOf({ conditions }: Pick<Route, 'conditions'>): readonly string[] {
  return (conditions ?? []).flatMap(({ methods, exceptMethods }) => methods ?? exceptMethods);
}
