/** A request that was served, before it is written. */
export interface Served {
  readonly status: number;
  /** Sent as JSON, or as text of the type below. */
  readonly body: object | string;
  /** `Content-Type` of text. */
  readonly type?: string;
  /** Value of `Set-Cookie`. */
  readonly setCookie?: string;
}
