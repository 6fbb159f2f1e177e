/**
 * Goes through every class of callers and condition truths that rules can distinguish, to find which changes have no effect. The classes
 * may include impossible cases but never omit a possible one.
 */
import type { Policy } from '../core/decide.ts';
import type { Authentication } from '../core/identity/authentication.ts';
import type { PolicyModel } from '../policy-model/authentications.ts';
import { truthsOf } from '../policy-model/caller-classes.ts';
import { marksOf } from '../policy-model/callers.ts';
import { matchPairsOf } from '../policy-model/match-pairs.ts';
import { atomsOf, type Truths } from '../policy-model/statements.ts';

import { type Caller, type Found, routeOf, setsOf, verdictOf } from '../policy-model/verdicts.ts';

/** With more classes, every effect counts as possible. */
const maxClasses = 50_000;

/** Whether some request is decided by another route, for another reason, or with another identity. */
export function differs(before: PolicyModel, after: Policy): boolean {
  const seen = new Set<string>();
  for (const { before: a, after: b, pair } of matchPairsOf(before.routes, after.routes)) {
    if (seen.has(pair)) continue;
    seen.add(pair);
    if (pairDiffers(a, b, before, after)) return true;
  }
  return false;
}

function pairDiffers(a: Found, b: Found, before: PolicyModel, after: Policy): boolean {
  if (before.roleMapping === after.roleMapping && isSame(a, b)) return false;
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
    before.authentications,
  );
  if (classes === null) return true;
  const effect = (found: Found, offset: number, caller: Caller, truths: Truths) =>
    verdictOf({ found, offset }, caller, truths) ?? `allowed ${knows(found, caller)}`;
  return classes.some(([caller, truths]) => effect(a, 0, caller, truths) !== effect(b, setsA.length, caller, truths));
}

/** Whether both are one rule of a route that the change does not affect. */
function isSame(a: Found, b: Found): boolean {
  if (typeof a === 'string' || typeof b === 'string' || 'allow' in a || 'allow' in b || a.rule !== b.rule) return false;
  const [one, other] = [a.route, b.route];
  const [conditions, others] = [one.conditions ?? [], other.conditions ?? []];
  return (
    one.id === other.id &&
    one.pattern === other.pattern &&
    one.credentials === other.credentials &&
    one.signIn === other.signIn &&
    conditions.length === others.length &&
    conditions.every((criterion, at) => criterion === others[at])
  );
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
  authentications: readonly Authentication[],
): readonly (readonly [Caller, Truths])[] | null {
  const marks = marksOf(a, b, authentications);
  const atoms = new Map(
    found.flatMap((one) => {
      const route = routeOf(one);
      return route === null ? [] : [...atomsOf(route)];
    }),
  );
  const truths = marks.length > 16 ? null : truthsOf(atoms, maxClasses / 2 ** marks.length, authentications);
  if (truths === null) return null;
  const callers: Caller[] = [{ kind: 'anonymous' }, { kind: 'unresolved' }];
  for (let mask = 0; mask < 2 ** marks.length; mask += 1) {
    const bits = marks.reduce((held, mark, index) => ((mask & (1 << index)) === 0 ? held : held | mark.bits), 0n);
    callers.push({ kind: 'known', bits });
  }
  return callers.flatMap((caller) => truths.map((truth) => [caller, truth] as const));
}
