/** What an entrypoint knows about one ended request: the source of its metrics and its log line. */
import type { Decision } from '../core/decision.ts';
import { type Reason, type ReasonCode, reasons } from '../core/outcome/reasons.ts';

export interface RequestRecord {
  /** `upgrade`: a WebSocket. `authorizer`: a check of another proxy. `middleware`: in the process of an application. */
  readonly entrypoint: 'proxy' | 'upgrade' | 'authorizer' | 'middleware';
  /** The dialect of a check; null: not a check. */
  readonly dialect: string | null;
  /** Null if the request was aborted before a decision, or was not valid HTTP. */
  readonly decision: Decision | null;
  /** As received; metric labels have a fixed set. */
  readonly method: string;
  /** Canonical if there is a decision with a reading, otherwise empty. Never contains the query. */
  readonly path: string;
  readonly host: string;
  /** Status sent to the client; 0: none. */
  readonly status: number;
  /** Why it was refused or failed: the decision's reason, or one of forwarding; null if the upstream responded. */
  readonly reason: ReasonCode | null;
  /** The id in the response, ours or the upstream's, or null. */
  readonly errorId: string | null;
  readonly requestId: string;
  /** Id of its trace, or null. */
  readonly traceId: string | null;
  /** Null: it is not traced here. */
  readonly trace: RequestTrace | null;
  /** Address of the client, through trusted proxies; empty: not known. */
  readonly client: string;
  /** From the client; may be empty. */
  readonly userAgent: string;
  /** Origin of the target, or null. */
  readonly target: string | null;
  /** The client disconnected before the response was complete. */
  readonly aborted: boolean;
  /** The upstream's response broke off after it had begun. */
  readonly cut: boolean;
  /** Times of `performance.now()` in milliseconds; 0: never. */
  readonly startedAt: number;
  readonly decidedAt: number;
  /** The upstream's response began. */
  readonly respondedAt: number;
  readonly endedAt: number;
  /** Body bytes from the client and to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The internal cause, only for the log. */
  readonly cause: unknown;
}

export type ObserveRequest = (record: RequestRecord) => void;

/** Begins the trace of every request. Users accept null if nothing is traced. */
export interface Tracing {
  /** `trusted`: the request came from a trusted proxy. */
  begin(rawHeaders: readonly string[], trusted: boolean): RequestTrace;
}

/** The trace that a request belongs to. */
export interface RequestTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Spans of the request are recorded. */
  readonly sampled: boolean;
  /** Runs the decision; calls to sources that it makes belong to the trace. */
  deciding<T>(decide: () => T): T;
  /** Sets the trace in the headers for a service (alternating names and values), instead of the client's. */
  forwarding(headers: string[]): void;
  /** The request has ended. */
  end(record: RequestRecord): void;
}

/**
 * Forwarded with a response, refused by the decision or as invalid HTTP, failed in forwarding, a page of the gateway itself, or aborted
 * before a decision.
 */
export type RequestOutcome = 'allow' | 'refuse' | 'fail' | 'page' | 'abandon';

export function outcomeOf({ decision, reason, status }: RequestRecord): RequestOutcome {
  if (decision === null) return reason !== null ? 'refuse' : status > 0 ? 'page' : 'abandon';
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
