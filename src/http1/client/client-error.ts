/**
 * Why a request to a server has no complete response. Callers act on the code; messages add the words of the system, or which rule of
 * `responseRules` the response violates, and contain nothing from the network.
 */

export type ClientErrorCode =
  /** No connection could be made. */
  | 'unreachable'
  /** The request is not valid HTTP, and nothing was sent. */
  | 'unsendable'
  /** The connection ended before the response was complete. */
  | 'closed'
  /** The connection failed. */
  | 'broken'
  /** The received bytes are not a valid response. */
  | 'response_invalid'
  /** The head of the response is larger than allowed. */
  | 'head_too_large';

export class ClientError extends Error {
  readonly code: ClientErrorCode;

  /** `cause`: an error of the system, or words of our own. */
  constructor(code: ClientErrorCode, cause?: unknown) {
    const words = wordsOf(cause);
    super(words === '' ? code : `${code}: ${words}`, cause === undefined || words === cause ? undefined : { cause });
    this.code = code;
  }
}

/** An error of several addresses has no words of its own. */
function wordsOf(cause: unknown): string {
  if (typeof cause === 'string') return cause;
  if (cause instanceof AggregateError) return cause.errors.map(wordsOf).join(', ');
  return cause instanceof Error ? cause.message : '';
}
