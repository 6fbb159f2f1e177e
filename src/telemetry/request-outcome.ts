/** How a request ended, in words for its metrics, its log line and its trace. */
import { type Reason, type ReasonCode, reasons } from '../core/outcome/reasons.ts';
import type { RequestRecord } from './request-record.ts';

/** Forwarded with a response, refused by the decision or as invalid HTTP, failed in forwarding, or aborted before a decision. */
export type RequestOutcome = 'allow' | 'refuse' | 'fail' | 'abandon';

export function outcomeOf({ decision, reason }: RequestRecord): RequestOutcome {
  if (decision === null) return reason === null ? 'abandon' : 'refuse';
  if (decision.outcome === 'refuse') return 'refuse';
  return reason === null ? 'allow' : 'fail';
}

/**
 * Of a service's response that carries an error id; as the gateway did not refuse, it has none of its reasons. There are two, because
 * anyone can request any number of missing pages, and their records must not displace those of failures.
 */
const serviceReasons = {
  service_error: {
    level: 'warn',
    fault: 'upstream',
    message: 'The service responded with an error',
    advice: 'The response was forwarded. The service received the same requestId.',
  },
  service_refusal: {
    level: 'info',
    fault: 'client',
    message: 'The service refused the request',
    advice: 'The response was forwarded. The service received the same requestId.',
  },
} as const satisfies Record<string, Pick<Reason, 'level' | 'fault' | 'message' | 'advice'>>;

export type RecordedReason = ReasonCode | keyof typeof serviceReasons;

/** Every reason that a record or a line can have. */
export const recordedReasons: Readonly<Record<RecordedReason, Pick<Reason, 'level' | 'fault' | 'message' | 'advice'>>> =
  { ...reasons, ...serviceReasons };

/** Why the client got an error, or the request failed; null: neither. */
export function reasonOf({ reason, errorId, status }: RequestRecord): RecordedReason | null {
  if (reason !== null || errorId === null || status < 400) return reason;
  return status < 500 ? 'service_refusal' : 'service_error';
}

/** The word of the condition that was not met, or null. */
export function conditionOf({ decision, reason }: RequestRecord): string | null {
  if (reason !== 'condition_failed' || decision?.outcome !== 'refuse') return null;
  return decision.condition?.word ?? null;
}
