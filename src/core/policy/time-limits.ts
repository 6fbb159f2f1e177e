/**
 * Time limits, which are conditions with the gateway's own reasons: when a route is open (`notBefore`, `notAfter`), and how long ago its
 * callers may have signed in (`maxAuthAge`).
 */
import { reasons } from '../outcome/reasons.ts';
import { appliesTo, type Criterion, type Step } from './conditions.ts';
import type { Stretch } from './time-window.ts';

export function activeWithin(stretch: Stretch): Criterion {
  return ownCriterion('access_not_active', { kind: 'stretch', end: 0, stretch }, {});
}

/** Maximum age of a sign-in with some methods. */
export interface SignInLimit extends Pick<Criterion, 'methods' | 'exceptMethods'> {
  readonly maxMs: number;
}

/** `policy`: id of the policy that requires it; null: the route does. */
export function signedInWithin({ maxMs, ...methods }: SignInLimit, policy: string | null): Criterion {
  return ownCriterion('sign_in_too_old', { kind: 'signIn', end: 0, maxMs }, { ...methods, policy });
}

/** A condition with a reason of the gateway itself. */
export function ownCriterion(
  reason: Exclude<Criterion['reason'], 'condition_failed'>,
  step: Step,
  further: Partial<Pick<Criterion, 'methods' | 'exceptMethods' | 'policy'>>,
): Criterion {
  const { message } = reasons[reason];
  return {
    ...{
      word: reason,
      reason,
      message,
      unless: null,
      unlessSource: [],
      only: null,
      onlySource: [],
      methods: null,
      exceptMethods: [],
    },
    ...{ name: null, policy: null, steps: [step] },
    ...further,
  };
}

/** The maximum age of a sign-in under all such limits for the method, in whole seconds; null: no limit. */
export function maxAuthAgeS(conditions: readonly Criterion[] | null, method: string): number | null {
  let least: number | null = null;
  for (const criterion of conditions ?? []) {
    const [step] = criterion.steps;
    if (step?.kind !== 'signIn' || !appliesTo(criterion, method)) continue;
    if (least === null || step.maxMs < least) least = step.maxMs;
  }
  return least === null ? null : Math.floor(least / 1000);
}

/** Such as `signed in within 15m`. */
export function signInLimitInWords(maxMs: number): string {
  const [size, unit] = maxMs % 3_600_000 === 0 ? [3_600_000, 'h'] : maxMs % 60_000 === 0 ? [60_000, 'm'] : [1000, 's'];
  return `signed in within ${maxMs / size}${unit}`;
}
