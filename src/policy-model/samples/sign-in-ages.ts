/** Limits on the age of a sign-in (`maxAuthAge`): ages that the limits can distinguish. */
import type { SignInStep, Step } from '../../core/policy/conditions.ts';
import { momentInWords } from '../../core/policy/time-window.ts';

/** The time of a request if it does not matter. */
export const anyMoment = Date.UTC(2027, 0, 4, 9);

/** The key of the sign-in's age among other values; null: the age is unknown. */
export const signInKey = 'signIn';

export function isSignInStep(step: Step): step is SignInStep {
  return step.kind === 'signIn';
}

/** In milliseconds: at each limit and just beyond it; empty without limits. */
export function signInAges(steps: readonly Step[]): readonly number[] {
  const limits = [...new Set(steps.filter(isSignInStep).map(({ maxMs }) => maxMs))].sort((a, b) => a - b);
  return [...new Set(limits.flatMap((maxMs) => [maxMs, maxMs + 1000]))];
}

/** When the user signed in; null: unknown. `age`: as stored under `signInKey`. */
export function signedInAt(age: unknown, nowMs: number | null): number | null {
  return typeof age === 'string' ? (nowMs ?? anyMoment) - Number(age) : null;
}

/** Such as `signed in 2027-01-04T08:45:00Z`. */
export function signInWords(ms: number | null): readonly string[] {
  return ms === null ? [] : [`signed in ${momentInWords(ms)}`];
}
