/** One request as an entrypoint reads it: plain data, everything as received, never changed. */

import type { PeerCertificate } from './peer-certificate.ts';

export interface RequestView {
  /** The method as received; methods are case-sensitive (RFC 9110 section 9.1). */
  readonly method: string;
  /** The request target as received: origin form, or absolute form (RFC 9112 section 3.2). */
  readonly target: string;
  /** Alternating names and values, with order, spelling and repetition as received. */
  readonly rawHeaders: readonly string[];
  /** `HTTP/1.0` need not send Host. */
  readonly httpVersion: '1.0' | '1.1';
  /** The client key; unset: unknown. Access never depends on it. */
  readonly client?: string | undefined;
  /** Address of the client for conditions; null or unset: not known for certain, so no condition on it is met. */
  readonly address?: string | null;
  /** The peer is a proxy that may set headers for the client. Default: it is not. */
  readonly trusted?: boolean;
  /** What the connection of the client has shown; if unset, nothing. */
  readonly certificate?: PeerCertificate;
  /** Wall clock in milliseconds, for conditions on the time; if unset, it is unknown, and none of them is met. */
  readonly now?: () => number;
}

/** The one reading of a request: what is matched, authorized and forwarded. */
export interface CanonicalRequest {
  readonly method: string;
  /** Lower case, without port or trailing dot; empty if an HTTP/1.0 client sent none. */
  readonly host: string;
  /** The authority to forward, as received (with port). */
  readonly authority: string;
  /** Canonical path, starting with "/". */
  readonly path: string;
  /** The path with the empty segments that were merged; null if there were none. */
  readonly unmerged: string | null;
  /** Query with its "?", as received; may be empty. */
  readonly query: string;
  /** Bits of `Ambiguity` that the path still contains, which only a tolerant route may accept. */
  readonly ambiguities: number;
}
