/** Why a request to a target has no whole answer. Codes decide; texts hold nothing of the network's. */

export type HopFailureCode =
  /** No connection could be made. */
  | 'unreachable'
  /** The request is no valid HTTP, and nothing was sent. */
  | 'unsendable'
  /** The connection ended before the answer was whole. */
  | 'closed'
  /** The connection failed. */
  | 'broken'
  /** What came is no answer. */
  | 'answer_invalid'
  /** The head of the answer is larger than allowed. */
  | 'head_too_large';

export class HopFailure extends Error {
  readonly code: HopFailureCode;

  constructor(code: HopFailureCode, cause?: unknown) {
    super(code, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export function hopError(code: HopFailureCode, cause?: unknown): HopFailure {
  return new HopFailure(code, cause);
}
