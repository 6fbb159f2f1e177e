/** What follows when a request to an upstream has failed: another target, another connection, or a refusal. */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { ClientError } from '../http1/client/client-error.ts';
import type { ConnectionControl, OutgoingRequest } from '../http1/client/request.ts';

/** Facts about the failed attempt. */
export interface Attempt {
  /** It had a connection. */
  readonly connected: boolean;
  /** Bytes of the request may have been sent. */
  readonly underway: boolean;
  /** The connection had carried other requests before. */
  readonly reused: boolean;
  /** The request was already retried. */
  readonly retried: boolean;
  readonly responseStarted: boolean;
  readonly headReceived: boolean;
  /** The request changes nothing and has no body. */
  readonly repeatable: boolean;
}

/** The facts that the request and its connection tell. `control`: null if it had none. */
export function attemptOf(
  { method, body }: OutgoingRequest,
  control: ConnectionControl | null,
): Pick<Attempt, 'connected' | 'underway' | 'reused' | 'repeatable'> {
  return {
    connected: control !== null,
    underway: control !== null && !control.unsent,
    reused: control !== null && control.carried > 0,
    repeatable: body === null && (method === 'GET' || method === 'HEAD'),
  };
}

/** Depends on codes, never on messages. `again`: to the same target, on a separate connection. */
export function afterFailure(
  { code }: Pick<ClientError, 'code'>,
  attempt: Attempt,
): 'elsewhere' | 'again' | ReasonCode {
  if (!attempt.connected) return code === 'unsendable' ? 'header_invalid' : 'elsewhere';
  // A reused connection that the service had already closed: a request that was not sent, or changes nothing, may be sent again (RFC 9112
  // section 9.3.1, RFC 9110 section 9.2.2).
  const harmless = !attempt.underway || attempt.repeatable;
  if (attempt.reused && !attempt.retried && !attempt.responseStarted && harmless) return 'again';
  const headBroken = attempt.responseStarted && !attempt.headReceived;
  const unreadable = code === 'response_invalid' || code === 'head_too_large';
  return headBroken || unreadable ? 'upstream_response_invalid' : 'upstream_failed';
}
