/** How long ago a sign-in may be (`maxAuthAge`): ages between which limits can tell, and changes of a limit. */
import type { SignInStep, Step } from '../core/policy/conditions.ts';
import { momentInWords } from '../core/policy/time-window.ts';
import type { Change } from './role-mutants.ts';

/** When a request comes in whose time does not matter. */
export const anyMoment = Date.UTC(2027, 0, 4, 9);

/** Under which the age of a sign-in is kept among other values; null: it is not known. */
export const signInKey = 'signIn';

export function isSignInStep(step: Step): step is SignInStep {
  return step.kind === 'signIn';
}

/** In milliseconds: at each limit, and just beyond it; none without limits. */
export function signInAges(steps: readonly Step[]): readonly number[] {
  const limits = [...new Set(steps.filter(isSignInStep).map(({ maxMs }) => maxMs))].sort((a, b) => a - b);
  return [...new Set(limits.flatMap((maxMs) => [maxMs, maxMs + 1000]))];
}

/** When the user signed in; null: it is not known. `age`: as kept. */
export function signedInAt(age: unknown, nowMs: number | null): number | null {
  return typeof age === 'string' ? (nowMs ?? anyMoment) - Number(age) : null;
}

/** Such as `signed in 2027-01-04T08:45:00Z`. */
export function signInWords(ms: number | null): readonly string[] {
  return ms === null ? [] : [`signed in ${momentInWords(ms)}`];
}

/** Twice as old a sign-in. */
export function* widerSignIns(step: SignInStep): Generator<Change<SignInStep>> {
  yield ['takes sign-ins twice as old', { ...step, maxMs: step.maxMs * 2 }];
}

/** Half as old a sign-in. */
export function* narrowerSignIns(steps: readonly Step[]): Generator<Change<readonly Step[]>> {
  for (const [at, step] of steps.entries()) {
    if (!isSignInStep(step)) continue;
    yield ['takes only sign-ins half as old', steps.with(at, { ...step, maxMs: Math.floor(step.maxMs / 2) })];
  }
}
