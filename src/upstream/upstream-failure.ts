/** What a failure of a connection means for the client. Codes decide, never texts. */
import type { ReasonCode } from '../core/outcome/reasons.ts';

/** The request was never sent, because `undici` found it not to be valid HTTP. */
export function refusedByClient(error: Error): boolean {
  const code = codeOf(error);
  return code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED';
}

/**
 * Reason of a failure after the request was sent. `headBroken`: something came that did not become the head of an
 * answer (no HTTP, headers too large, an upgrade nobody asked for, or cut).
 */
export function reasonOfFailure(error: Error, headBroken: boolean): ReasonCode {
  const code = codeOf(error);
  const unreadable = code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW';
  return headBroken || unreadable ? 'upstream_answer_invalid' : 'upstream_failed';
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
