/** The part of a request that matters for a credential. */
export interface PresentedRequest {
  /** Alternating names and values, as received. */
  readonly rawHeaders: readonly string[];
  readonly method: string;
  /** `Host` as received. */
  readonly authority: string;
}
