/**
 * What two tables of routes say of every request, as far as they can tell requests apart: one meeting for each method
 * and each pair of answers, with the first target that leads there. Conditions and callers are not looked at yet.
 */
import type { CanonicalRequest } from '../../core/request/request-view.ts';
import type { RouteTable } from '../../core/routing/compile-routes.ts';
import { matchRoute } from '../../core/routing/match-route.ts';
import { type Target, targetsOf } from './path-classes.ts';
import type { Found } from './verdicts.ts';

export interface Meeting {
  readonly method: string;
  readonly target: Target;
  readonly before: Found;
  readonly after: Found;
}

/** A method that no configuration names. */
export const otherMethod = 'ANY-OTHER';

export function* meetingsOf(before: RouteTable, after: RouteTable): Generator<Meeting> {
  const seen = new Map<Found, Map<Found, Set<string>>>();
  const methods = methodsOf([before, after]);
  for (const target of targetsOf(before, after)) {
    for (const method of methods) {
      const [a, b] = [findIn(before, target, method), findIn(after, target, method)];
      const ofA = seen.get(a) ?? new Map<Found, Set<string>>();
      seen.set(a, ofA);
      const known = ofA.get(b) ?? new Set();
      ofA.set(b, known);
      if (known.has(method)) continue;
      known.add(method);
      yield { method, target, before: a, after: b };
    }
  }
}

function findIn(table: RouteTable, { host, path }: Target, method: string): Found {
  const request: CanonicalRequest = { method, host, authority: host, path, unmerged: null, query: '', ambiguities: 0 };
  return matchRoute(table, request);
}

/** Methods that the tables name, those with a meaning of their own, and one for all others. */
function methodsOf(tables: readonly RouteTable[]): readonly string[] {
  const named = new Set(['GET', 'HEAD', 'OPTIONS']);
  for (const { routes } of tables) {
    for (const { methods, access } of routes) {
      for (const method of methods ?? []) named.add(method);
      for (const method of access.byMethod.keys()) named.add(method);
    }
  }
  return [...named, otherMethod];
}
