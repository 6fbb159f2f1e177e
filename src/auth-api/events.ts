/** Events of the Auth API for its embedder: log lines, metrics, traces and revocations. */

/**
 * The part of a structured logger that is used. Fields never contain a credential, and a code or an address only with the outbox `console`.
 */
export interface AuthApiLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface MetricsPage {
  /** For `Content-Type`. */
  readonly type: string;
  readonly text: string;
}

/** An ended request, for its span. Without path parameters, which can identify a user. */
export interface RequestEnd {
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
export interface RequestTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** At most once; never for a health check that succeeds. */
  end(request: RequestEnd): void;
}

/** Begins the trace of a request. `isTrusted`: whether it came from a gateway or a trusted proxy. Null: nothing is traced. */
export type TraceRequest = (rawHeaders: readonly string[], isTrusted: () => boolean) => RequestTrace | null;

/** A result that gateways may have cached is no longer valid. */
export interface RevocationEvent {
  /** `user`: every session and key pair of the user. */
  readonly kind: 'session' | 'keypair' | 'user';
  /** UUID of what changed. */
  readonly id: string;
}
