/** What a failure of a connection means for the client. Codes decide, never texts. */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { HopFailure } from './wire/hop-error.ts';

/** The request was never sent, because it is no valid HTTP. */
export function unsendable(error: Error): boolean {
  return error instanceof HopFailure && error.code === 'unsendable';
}

/**
 * Reason of a failure after the request was sent. `headBroken`: something came that did not become the head of an
 * answer (no HTTP, headers too large, an upgrade nobody asked for, or cut).
 */
export function reasonOfFailure(error: Error, headBroken: boolean): ReasonCode {
  const code = 'code' in error ? String(error.code) : '';
  // Upgrades are read by the parser of Node, whose codes begin so.
  const unreadable = code === 'answer_invalid' || code === 'head_too_large' || code.startsWith('HPE_');
  return headBroken || unreadable ? 'upstream_answer_invalid' : 'upstream_failed';
}
