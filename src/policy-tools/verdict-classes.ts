/**
 * Goes through every class of callers and condition truths that rules can distinguish, to find what a rule can never do and which
 * changes have no effect. The classes may include impossible cases but never omit a possible one. So an effect that no class shows
 * is impossible.
 */
import type { Policy } from '../core/decide.ts';
import type { AccessRule } from '../core/policy/access.ts';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import type { Route } from '../core/routing/route.ts';
import { marksOf } from '../policy-model/callers.ts';
import { meetingsOf } from '../policy-model/meetings.ts';
import { atomsOf, type Truths } from '../policy-model/statements.ts';
import { truthsOf } from '../policy-model/values.ts';
import { type Caller, type Found, routeOf, setsOf, verdictOf } from '../policy-model/verdicts.ts';

export type Effect =
  | { readonly kind: 'allows'; readonly whom: 'anybody' | 'known' | 'anonymous' }
  /** `word`: a reason, or the author's word of a condition. */
  | {
      readonly kind: 'refuses';
      readonly word: string /** Id of the policy whose condition it is. */;
      readonly policy?: string;
    }
  /** A navigation without an accepted credential is redirected to the sign-in page. */
  | { readonly kind: 'signIn' };

/** With more classes, every effect counts as possible. */
const maxClasses = 50_000;
/** Maximum routes of a table that is examined for one change. */
export const maxRoutes = 500;

/** Whether the rule can ever have this effect. */
export function canShow(route: Route, rule: AccessRule, effect: Effect, mapping: RoleMapping | null): boolean {
  // Classes do not model how callers authenticate, so these effects always count as possible.
  if (effect.kind === 'signIn' || (effect.kind === 'refuses' && effect.word === 'credential_kind_not_accepted'))
    return true;
  const found: Found = { route, rule };
  const own = { sets: setsOf(found), mapping };
  const classes = classesOf([found], [own, { sets: [], mapping: null }]);
  return (
    classes === null ||
    classes.some(([caller, truths]) => {
      const word = verdictOf({ found, offset: 0 }, caller, truths);
      if (effect.kind === 'refuses') return word === effect.word;
      if (word !== null) return false;
      return effect.whom === 'anybody' || (caller.kind === 'known') === (effect.whom === 'known');
    })
  );
}

/**
 * Whether some request is decided by another route, for another reason, or with another identity. For at most `maxRoutes` routes.
 */
export function differs(before: Policy, after: Policy): boolean {
  const seen = new Map<Found, Set<Found>>();
  for (const { before: a, after: b } of meetingsOf(before.routes, after.routes)) {
    if (seen.get(a)?.has(b) === true) continue;
    seen.set(a, (seen.get(a) ?? new Set()).add(b));
    if (pairDiffers(a, b, before, after)) return true;
  }
  return false;
}

function pairDiffers(a: Found, b: Found, before: Policy, after: Policy): boolean {
  const [routeA, routeB] = [routeOf(a), routeOf(b)];
  if (routeA?.id !== routeB?.id) return true;
  if (String(routeA?.credentials) !== String(routeB?.credentials)) return true;
  if (routeA?.signIn?.url !== routeB?.signIn?.url) return true;
  const [setsA, setsB] = [setsOf(a), setsOf(b)];
  const classes = classesOf(
    [a, b],
    [
      { sets: setsA, mapping: before.roleMapping },
      { sets: setsB, mapping: after.roleMapping },
    ],
  );
  if (classes === null) return true;
  const effect = (found: Found, offset: number, caller: Caller, truths: Truths) =>
    verdictOf({ found, offset }, caller, truths) ?? `allowed ${knows(found, caller)}`;
  return classes.some(([caller, truths]) => effect(a, 0, caller, truths) !== effect(b, setsA.length, caller, truths));
}

/** Whether the service receives the caller's identity. */
function knows(found: Found, caller: Caller): boolean {
  return caller.kind === 'known' && typeof found === 'object' && 'rule' in found && found.rule.kind !== 'public';
}

type RoleSets = Parameters<typeof marksOf>[0];

/** Null: too many. */
function classesOf(
  found: readonly Found[],
  [a, b]: readonly [RoleSets, RoleSets],
): readonly (readonly [Caller, Truths])[] | null {
  const marks = marksOf(a, b);
  const atoms = new Map(
    found.flatMap((one) => {
      const route = routeOf(one);
      return route === null ? [] : [...atomsOf(route)];
    }),
  );
  const truths = marks.length > 16 ? null : truthsOf(atoms, maxClasses / 2 ** marks.length);
  if (truths === null) return null;
  const callers: Caller[] = [{ kind: 'anonymous' }, { kind: 'unresolved' }];
  for (let mask = 0; mask < 2 ** marks.length; mask += 1) {
    const bits = marks.reduce((held, mark, index) => ((mask & (1 << index)) === 0 ? held : held | mark.bits), 0n);
    callers.push({ kind: 'known', bits });
  }
  return callers.flatMap((caller) => truths.map((truth) => [caller, truth] as const));
}
