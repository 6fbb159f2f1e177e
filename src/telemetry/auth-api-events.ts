/** What the Auth API reports: its requests, for traces, and counts and a state, never an address or a code. */

/** An ended request, for its span. Without path parameters, which can identify a user. */
export interface AuthApiRequestEnd {
  /** As received. */
  readonly method: string;
  /** Null: no operation was found. */
  readonly operation: { readonly name: string /** With `{name}` for a parameter. */; readonly path: string } | null;
  /** 0: the client left before a response. */
  readonly status: number;
  /** Why it was refused or failed; null: neither. */
  readonly code: string | null;
  readonly errorId: string | null;
}

/** The trace that a request belongs to. */
export interface AuthApiTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** At most once; never for a health check that succeeds. */
  end(request: AuthApiRequestEnd): void;
}

/** Begins the trace of a request. `isTrusted`: whether it came from a gateway or a trusted proxy. Null: nothing is traced. */
export type TraceRequest = (rawHeaders: readonly string[], isTrusted: () => boolean) => AuthApiTrace | null;

/** Why forwarded headers of a request are ignored: the peer is not trusted, or its secret is wrong. */
export const forwardedIgnored = ['untrusted_peer', 'secret_wrong'] as const;
export type ForwardedIgnored = (typeof forwardedIgnored)[number];

/**
 * The outcome of a mail in the queue: accepted by the server, tried again later, refused by the server, expired with its code, dropped from
 * a full queue, or abandoned when the process ended.
 */
export const mailOutcomes = ['sent', 'retried', 'refused', 'expired', 'dropped', 'abandoned'] as const;
export type MailOutcome = (typeof mailOutcomes)[number];

export interface MailState {
  /** Mails that wait for the server or are being sent. */
  readonly queued: number;
  /** The last exchange with the mail server failed for a reason other than the mail itself. */
  readonly failing: boolean;
}
