/** What an entrypoint has read of one request: plain data, everything as received, never changed. */

export interface RequestView {
  /** The method as received; methods are case-sensitive (RFC 9110 section 9.1). */
  readonly method: string;
  /** The request target as received: origin form, or absolute form (RFC 9112 section 3.2). */
  readonly target: string;
  /** Names and values in turn, order, spelling and repetition as received. */
  readonly rawHeaders: readonly string[];
  /** `HTTP/1.0` has no duty to send Host. */
  readonly httpVersion: '1.0' | '1.1';
  /** Who counts as one client with it; unset: no client in particular. No decision on access depends on it. */
  readonly client?: string | undefined;
  /** Address of the client for conditions; null or unset: not known for certain, and then no condition on it is met. */
  readonly address?: string | null;
  /** The peer is a proxy that may set headers for the client; if unset: it is not. */
  readonly trusted?: boolean;
  /** Wall clock in milliseconds, for conditions on the time; if unset: it is not known, and none of them is met. */
  readonly now?: () => number;
}

/** The one reading of a request: what is matched, authorized and forwarded. */
export interface CanonicalRequest {
  readonly method: string;
  /** Lower case, without port or trailing dot; empty when an HTTP/1.0 client sent none. */
  readonly host: string;
  /** The authority to forward, as received (with port). */
  readonly authority: string;
  /** Canonical path, starting with "/". */
  readonly path: string;
  /** The path with the empty segments that were merged; null when there were none. */
  readonly unmerged: string | null;
  /** Query with its "?", as received; empty when there is none. */
  readonly query: string;
  /** Bits of `Ambiguity` that the path still holds and only a tolerant route may accept. */
  readonly ambiguities: number;
}
