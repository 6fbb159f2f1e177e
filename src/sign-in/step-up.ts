/** The kind of sign-in that a route demands (`acr`), and its demands in the addresses of these pages. */
import type { StepUp } from '../core/credential/step-up.ts';

/** Whether a sign-in is of a kind that was demanded. */
export function meetsAcr({ acr }: Readonly<Record<string, unknown>>, demanded: readonly string[] | null): boolean {
  return demanded === null || (typeof acr === 'string' && demanded.includes(acr));
}

/** With an ampersand before each parameter. */
export function stepUpQuery({ maxAgeS, acr }: StepUp): string {
  const recent = maxAgeS === null ? '' : `&max_age=${maxAgeS}`;
  return acr === null ? recent : `${recent}&acr_values=${encodeURIComponent(acr.join(' '))}`;
}
