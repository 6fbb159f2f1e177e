/** What follows when a request to an upstream has failed: another target, another connection, or a refusal. */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { ClientError } from '../http1/client/client-error.ts';

/** What is known of the attempt that failed. */
export interface Attempt {
  /** It had a connection. */
  readonly connected: boolean;
  /** Bytes of the request may have been sent. */
  readonly written: boolean;
  /** The connection had carried other requests before. */
  readonly reused: boolean;
  /** The request was sent again already. */
  readonly retried: boolean;
  readonly responseStarted: boolean;
  readonly headReceived: boolean;
  /** The request changes nothing and has no body. */
  readonly repeatable: boolean;
}

/** Codes decide, never messages. `again`: to the same target, on a connection of its own. */
export function afterFailure(
  { code }: Pick<ClientError, 'code'>,
  attempt: Attempt,
): 'elsewhere' | 'again' | ReasonCode {
  if (!attempt.connected) return code === 'unsendable' ? 'header_invalid' : 'elsewhere';
  // A kept connection that the service had closed already: what was not sent, and what changes nothing, may be sent again
  // (RFC 9112 section 9.3.1, RFC 9110 section 9.2.2).
  const harmless = !attempt.written || attempt.repeatable;
  if (attempt.reused && !attempt.retried && !attempt.responseStarted && harmless) return 'again';
  const headBroken = attempt.responseStarted && !attempt.headReceived;
  const unreadable = code === 'response_invalid' || code === 'head_too_large';
  return headBroken || unreadable ? 'upstream_response_invalid' : 'upstream_failed';
}
