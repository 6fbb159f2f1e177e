/** Events of the Auth API for its embedder: log lines, metrics and revocations. */

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

/** A result that gateways may have cached is no longer valid. */
export interface RevocationEvent {
  /** `user`: every session and key pair of the user. */
  readonly kind: 'session' | 'keyPair' | 'user';
  /** UUID of what changed. */
  readonly id: string;
}
