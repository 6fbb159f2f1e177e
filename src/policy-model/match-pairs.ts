/**
 * How two route tables match every request, as far as they can distinguish requests: one pair for each method and each combination of
 * results, with the first target that leads to it. Conditions and callers are not considered yet.
 */
import type { AccessRule } from '../core/policy/access.ts';
import type { CanonicalRequest } from '../core/request/request-view.ts';
import { matchRoute } from '../core/routing/match-route.ts';
import type { Route } from '../core/routing/route.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import { type HostPath, targetsOf } from './path-classes.ts';
import { methodsOf as methodsOfConditions, routeOfMethod } from './route-of-method.ts';
import type { Matching } from './verdicts.ts';

export interface MatchPair {
  /** `otherMethod`: any method that neither table lists. */
  readonly method: string;
  /** The method to send in a request. */
  readonly sent: string;
  readonly target: HostPath;
  readonly before: Matching;
  readonly after: Matching;
  /** Equal for pairs of the same two results. */
  readonly pair: string;
}

/** A method that no configuration lists. */
export const otherMethod = 'ANY-OTHER';
/** Represent it in examples. They are registered methods (RFC 3253, RFC 4918), so every server parses them. */
const unusualMethods = ['LOCK', 'REPORT', 'MKCOL', 'COPY', 'SEARCH', 'CHECKOUT', 'LABEL'];

export function* matchPairsOf(
  before: RouteTable,
  after: RouteTable,
  methods = methodsOf([before, after]),
  targets: Iterable<HostPath> = targetsOf(before, after),
): Generator<MatchPair> {
  const seen = new Set<string>();
  const rules = new RuleIds();
  for (const target of targets) {
    for (const [method, sent] of methods) {
      const [a, b] = [findIn(before, target, sent), findIn(after, target, sent)];
      const pair = `${rules.keyOf(a)} ${rules.keyOf(b)}`;
      const key = `${method} ${pair}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield { method, sent, target, before: a, after: b, pair };
    }
  }
}

/** Gives results of the matching an id, because they are new objects for each request. */
class RuleIds {
  readonly #ids = new Map<AccessRule | Route, number>();

  keyOf(matching: Matching): string {
    if (typeof matching === 'string') return matching;
    const route = this.#idOf(matching.route);
    return 'allow' in matching ? `405:${route}` : `${route}:${this.#idOf(matching.rule)}`;
  }

  #idOf(part: AccessRule | Route): number {
    const id = this.#ids.get(part) ?? this.#ids.size;
    this.#ids.set(part, id);
    return id;
  }
}

export function findIn(table: RouteTable, { host, path, ambiguities = 0 }: HostPath, method: string): Matching {
  const request: CanonicalRequest = { method, host, authority: host, path, unmerged: null, query: '', ambiguities };
  const match = matchRoute(table, request);
  return typeof match === 'string' || 'allow' in match
    ? match
    : { ...match, route: routeOfMethod(match.route, method) };
}

/** Methods that the tables list, methods with a meaning of their own, and one for all others, each with the one to send. */
function methodsOf(tables: readonly RouteTable[]): readonly (readonly [method: string, sent: string])[] {
  const named = new Set(['GET', 'HEAD', 'OPTIONS']);
  for (const { routes } of tables) {
    for (const { methods, access, conditions } of routes) {
      for (const method of methodsOfConditions({ conditions })) named.add(method);
      for (const method of methods ?? []) named.add(method);
      for (const method of access.byMethod.keys()) named.add(method);
    }
  }
  const other = unusualMethods.find((method) => !named.has(method)) ?? otherMethod;
  return [...[...named].map((method) => [method, method] as const), [otherMethod, other]];
}
