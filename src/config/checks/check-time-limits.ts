/**
 * Time limits: how old a verdict may be (`maxVerdictAge`), how long ago callers may have signed in (`maxAuthAge`), and when the route is open
 * (`notBefore`, `notAfter`).
 */
import type { ClaimTable } from '../../core/identity/claims.ts';
import { otherMethods, ruleFor } from '../../core/policy/access.ts';
import type { Criterion } from '../../core/policy/conditions.ts';
import { acrClaim, signedInBy } from '../../core/policy/step-up.ts';
import { activeWithin, type SignInLimit, signedInWithin } from '../../core/policy/time-limits.ts';
import type { Route } from '../../core/routing/route.ts';
import type { RouteEntry } from '../schema.ts';
import { type ReadAccess, takesMethod } from './check-access.ts';
import type { Location } from './location.ts';

type MaxVerdictAge = Pick<Route, 'maxVerdictAgeMs' | 'maxVerdictAgeMsByMethod'>;

/** An age, or ages by method. */
type Ages = number | Readonly<Record<string, number>>;

/** `access` and `methods`: of the route; null: every method. */
export function checkMaxVerdictAge(
  entry: RouteEntry['maxVerdictAge'],
  access: ReadAccess,
  methods: readonly string[] | null,
  at: Location,
): MaxVerdictAge {
  if (entry === undefined) return { maxVerdictAgeMs: null, maxVerdictAgeMsByMethod: null };
  if (access.isPublic) {
    at.reportKey('"maxVerdictAge" has no meaning on a public route: no verdict is looked up', 'remove it');
  }
  const check = (method: string, there: Location) => {
    if (!access.isPublic) checkMethod(method, access, methods, there, 'no verdict is looked up');
  };
  const ages = agesByMethod(entry, at, check);
  const maxVerdictAgeMs = ages.get(otherMethods) ?? null;
  ages.delete(otherMethods);
  return { maxVerdictAgeMs, maxVerdictAgeMsByMethod: ages.size === 0 ? null : ages };
}

/** By method; `*`: of every other method. */
function agesByMethod(entry: Ages, at: Location, check: (method: string, at: Location) => void): Map<string, number> {
  if (typeof entry === 'number') return new Map([[otherMethods, entry]]);
  const ages = new Map<string, number>();
  if (Object.keys(entry).length === 0) at.report('an empty mapping contains no method', 'remove it');
  for (const [key, age] of Object.entries(entry)) {
    for (const method of key.split(',').map((part) => part.trim())) {
      const there = at.at(key);
      if (ages.has(method)) there.reportKey(`the method ${method} has two values`, 'keep one of the two');
      else check(method, there);
      ages.set(method, age);
    }
  }
  return ages;
}

/** A method that reads no credential has no maximum age. */
function checkMethod(
  method: string,
  access: ReadAccess,
  methods: readonly string[] | null,
  at: Location,
  nothing: string,
): void {
  if (method === otherMethods) return;
  const rule = takesMethod(access, methods, method) ? ruleFor(access.compiled, method) : null;
  if (rule === null) at.reportKey(`this route does not accept ${method}`, 'remove it, or list the method there');
  else if (rule.kind === 'public' || rule.kind === 'deny') {
    at.reportKey(`${nothing} with ${method}, whose rule is "${rule.kind}"`, 'remove it');
  }
}

/** Limits of a route: for each method that needs a credential. `access`, `methods`: as in `checkMaxVerdictAge`. */
export function checkMaxAuthAge(
  entry: RouteEntry['maxAuthAge'],
  access: ReadAccess,
  methods: readonly string[] | null,
  at: Location,
): readonly Criterion[] {
  if (entry === undefined) return [];
  const check = (method: string, there: Location) => {
    checkMethod(method, access, methods, there, 'there is no sign-in');
  };
  const ages = agesByMethod(entry, at, check);
  const { every, byMethod } = access.compiled;
  const others = ages.has(otherMethods);
  const concerned = [...byMethod.keys()].filter((method) => ages.has(method) || others);
  const rules = [
    ...concerned.flatMap((method) => byMethod.get(method) ?? []),
    ...(every !== null && others ? [every] : []),
  ];
  if (rules.some(({ kind }) => kind === 'optional')) {
    at.reportKey('"maxAuthAge" refuses callers without a credential, whom "optional" allows', 'write "authenticated"');
  } else if (others && rules.every(({ kind }) => kind === 'public' || kind === 'deny')) {
    at.reportKey('"maxAuthAge" has no meaning here: no rule requires a credential', 'remove it');
  }
  const limits = limitsOf(ages).map((limit): SignInLimit => {
    return limit.methods === null ? { ...limit, ...otherKnownMethods(access, ages) } : limit;
  });
  return limits.filter((limit) => limit.methods?.length !== 0).map((limit) => signedInWithin(limit, null));
}

/** Methods that need a credential, besides those with a value of their own. */
function otherKnownMethods(
  { compiled: { every, byMethod } }: ReadAccess,
  own: ReadonlyMap<string, unknown>,
): Pick<Criterion, 'methods' | 'exceptMethods'> {
  const isKnown = (method: string) => {
    const kind = byMethod.get(method)?.kind;
    return kind === 'authenticated' || kind === 'roles';
  };
  const known = [...byMethod.keys()].filter((method) => isKnown(method) && !own.has(method));
  const open = every === null || every.kind === 'public' || every.kind === 'deny';
  if (open) return { methods: known, exceptMethods: [] };
  const named = [...own.keys()].filter((method) => method !== otherMethods);
  const exceptMethods = [...new Set([...named, ...byMethod.keys()])].filter((method) => !known.includes(method));
  return { methods: null, exceptMethods };
}

/** `claims`: of identities; `access`: of the route. */
export function checkAcr(
  values: RouteEntry['acr'],
  access: ReadAccess,
  claims: ClaimTable,
  at: Location,
): readonly Criterion[] {
  if (values === undefined) return [];
  const claim = claims.get(acrClaim);
  if (claim !== 'string') {
    at.reportKey(
      '"identity.claims" declares no text "acr"',
      'write there "acr: { field: acr, type: string, optional: true }"',
    );
  }
  const { every, byMethod } = access.compiled;
  const rules = [...byMethod.values(), ...(every === null ? [] : [every])];
  if (rules.some(({ kind }) => kind === 'optional')) {
    at.reportKey('"acr" refuses callers without a credential, whom "optional" allows', 'write "authenticated"');
  } else if (rules.every(({ kind }) => kind === 'public' || kind === 'deny')) {
    at.reportKey('"acr" has no meaning here: no rule requires a credential', 'remove it');
  }
  const methods = otherKnownMethods(access, new Map());
  return methods.methods?.length === 0 ? [] : [signedInBy(values, methods)];
}

/** Limits of a policy: for all methods of its routes. */
export function checkPolicyAuthAge(entry: RouteEntry['maxAuthAge'], id: string, at: Location): readonly Criterion[] {
  if (entry === undefined) return [];
  return limitsOf(agesByMethod(entry, at, () => {})).map((limit) => signedInWithin(limit, id));
}

/** Methods with one age share a limit. */
function limitsOf(ages: ReadonlyMap<string, number>): readonly SignInLimit[] {
  const named = [...ages].filter(([method]) => method !== otherMethods);
  const byAge = Map.groupBy(named, ([, maxMs]) => maxMs);
  const ofNamed = [...byAge].map(([maxMs, entries]): SignInLimit => {
    return { maxMs, methods: entries.map(([method]) => method), exceptMethods: [] };
  });
  const maxMs = ages.get(otherMethods);
  if (maxMs === undefined) return ofNamed;
  return [...ofNamed, { maxMs, methods: null, exceptMethods: named.map(([method]) => method) }];
}

/** Null: it is always open. */
export function checkActive({ notBefore, notAfter }: RouteEntry, at: Location): Criterion | null {
  if (notBefore === undefined && notAfter === undefined) return null;
  const [fromMs, toMs] = [notBefore ?? null, notAfter ?? null];
  if (fromMs !== null && toMs !== null && fromMs >= toMs) {
    at.at('notAfter').report('this is not after "notBefore", so the route is never open', 'swap the two');
  }
  return activeWithin({ fromMs, toMs });
}
