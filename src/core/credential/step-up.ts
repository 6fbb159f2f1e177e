/** What a refusal says of the sign-in that a route demands (RFC 9470). */
export interface StepUp {
  /** Maximum age in seconds; null: any. */
  readonly maxAgeS: number | null;
  /** One of these kinds (`acr`), the preferred one first; null: any. */
  readonly acr: readonly string[] | null;
}

export const noStepUp: StepUp = { maxAgeS: null, acr: null };
