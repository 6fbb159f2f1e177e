/** How a request ended, in words for its metrics, its log line and its trace. */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { RequestRecord } from './request-record.ts';

/** Forwarded with a response, refused by the decision or as invalid HTTP, failed in forwarding, or aborted before a decision. */
export type RequestOutcome = 'allow' | 'refuse' | 'fail' | 'abandon';

export function outcomeOf({ decision, reason }: RequestRecord): RequestOutcome {
  if (decision === null) return reason === null ? 'abandon' : 'refuse';
  if (decision.outcome === 'refuse') return 'refuse';
  return reason === null ? 'allow' : 'fail';
}

/** A service's response that carries an error id; as the gateway did not refuse, it has none of its reasons. */
export const serviceError = 'service_error';

/** Why the client got an error id, or the request failed; null: neither. */
export function reasonOf({ reason, errorId }: RequestRecord): ReasonCode | typeof serviceError | null {
  return reason ?? (errorId === null ? null : serviceError);
}

/** The word of the condition that was not met, or null. */
export function conditionOf({ decision, reason }: RequestRecord): string | null {
  if (reason !== 'condition_failed' || decision?.outcome !== 'refuse') return null;
  return decision.condition?.word ?? null;
}
