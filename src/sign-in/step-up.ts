/** The kind of sign-in that a route demands (`acr`), and its demands in the addresses of these pages. */
import type { StepUp } from '../core/credential/step-up.ts';

/** Whether a sign-in is of a kind that was demanded. */
export function meetsAcr({ acr }: Readonly<Record<string, unknown>>, demanded: readonly string[] | null): boolean {
  return demanded === null || (typeof acr === 'string' && demanded.includes(acr));
}

/** Of an address. */
export function stepUpParameters({ maxAgeS, acr }: StepUp): Readonly<Record<string, string>> {
  return {
    ...(maxAgeS === null ? {} : { max_age: String(maxAgeS) }),
    ...(acr === null ? {} : { acr_values: acr.join(' ') }),
  };
}
