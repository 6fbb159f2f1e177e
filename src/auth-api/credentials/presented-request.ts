/** The part of a request that a credential is judged by. */
export interface PresentedRequest {
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly method: string;
  /** `Host` as received. */
  readonly authority: string;
}
