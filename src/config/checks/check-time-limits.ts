/** Limits of time: how old a verdict may be (`maxAge`), and when the route is open (`notBefore`, `notAfter`). */
import { otherMethods } from '../../core/policy/access.ts';
import { activeWithin, type Criterion } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { ruleFor } from '../../core/routing/route-table.ts';
import type { Parts, RouteEntry } from '../schema.ts';
import { type ReadAccess, takesMethod } from './check-access.ts';
import type { Location } from './location.ts';

type MaxAge = Pick<Route, 'maxAgeMs' | 'maxAgeMsByMethod'>;

/** `access` and `methods`: of the route; null: unknown, and every method. */
export function checkMaxAge(
  written: Parts<RouteEntry>['maxAge'],
  access: ReadAccess | null,
  methods: readonly string[] | null,
  at: Location,
): MaxAge {
  if (written === undefined) return { maxAgeMs: null, maxAgeMsByMethod: null };
  if (access?.isPublic === true) {
    at.reportKey('"maxAge" has no meaning on a public route: no verdict is asked for', 'remove it');
  }
  if (typeof written === 'number') return { maxAgeMs: written, maxAgeMsByMethod: null };
  const ages = new Map<string, number>();
  if (at.keys?.length === 0) at.report('an empty mapping names no method', 'remove it');
  for (const [key, age] of Object.entries(written)) {
    for (const method of key.split(',').map((part) => part.trim())) {
      const there = at.at(key);
      if (ages.has(method)) there.reportKey(`the method ${method} has two values`, 'keep one of the two');
      else if (access?.isPublic === false) checkMethod(method, access, methods, there);
      ages.set(method, age ?? 0);
    }
  }
  const maxAgeMs = ages.get(otherMethods) ?? null;
  ages.delete(otherMethods);
  return { maxAgeMs, maxAgeMsByMethod: ages.size === 0 ? null : ages };
}

/** A method that never asks for a verdict has no age of one. */
function checkMethod(method: string, access: ReadAccess, methods: readonly string[] | null, at: Location): void {
  if (method === otherMethods) return;
  const rule = takesMethod(access, methods, method) ? ruleFor(access.compiled, method) : null;
  if (rule === null) at.reportKey(`this route does not take ${method}`, 'remove it, or list the method there');
  else if (rule.kind === 'public' || rule.kind === 'deny') {
    at.reportKey(`no verdict is asked for with ${method}, whose rule is "${rule.kind}"`, 'remove it');
  }
}

/** Null: it is always open. */
export function checkActive({ notBefore, notAfter }: Parts<RouteEntry>, at: Location): Criterion | null {
  if (notBefore === undefined && notAfter === undefined) return null;
  const [fromMs, toMs] = [notBefore ?? null, notAfter ?? null];
  if (fromMs !== null && toMs !== null && fromMs >= toMs) {
    at.at('notAfter').report('this is not after "notBefore", so that the route is never open', 'exchange the two');
  }
  return activeWithin({ fromMs, toMs });
}
