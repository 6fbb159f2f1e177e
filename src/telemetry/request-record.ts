/** What an entrypoint knows of one request when it is over: the source of its metrics and of its log line. */
import type { Decision } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { RequestTrace } from './request-trace.ts';

export interface RequestRecord {
  /** `upgrade`: a WebSocket. `authorizer`: a check of another proxy. `middleware`: in the process of an application. */
  readonly entrypoint: 'proxy' | 'upgrade' | 'authorizer' | 'middleware';
  /** Of a check: how the other proxy asks; null: it is none. */
  readonly dialect: string | null;
  /** Null when the request broke off before a decision, or was no valid HTTP. */
  readonly decision: Decision | null;
  /** As received; of a fixed set once it is a metric label. */
  readonly method: string;
  /** Canonical when there is a decision with a reading, else empty. Never holds the query. */
  readonly path: string;
  readonly host: string;
  /** Status that the client was sent; 0 when it was sent none. */
  readonly status: number;
  /** Why it was refused or failed: the decision's reason, or one of forwarding; null when the upstream responded. */
  readonly reason: ReasonCode | null;
  /** Of every response that carries one, ours or the upstream's; null otherwise. */
  readonly errorId: string | null;
  readonly requestId: string;
  /** Id of the trace that it belongs to; null: it belongs to none. */
  readonly traceId: string | null;
  /** Null: it is not traced here. */
  readonly trace: RequestTrace | null;
  /** Address of the client, through trusted proxies. */
  readonly client: string;
  /** As the client names itself; empty: it does not. */
  readonly userAgent: string;
  /** Origin that was asked, or null. */
  readonly target: string | null;
  /** The client went away before the response was whole. */
  readonly aborted: boolean;
  /** The upstream's response broke off after it had begun. */
  readonly cut: boolean;
  /** Moments of `performance.now()` in milliseconds; 0 where a moment never came. */
  readonly startedAt: number;
  readonly decidedAt: number;
  /** The upstream's response began. */
  readonly respondedAt: number;
  readonly endedAt: number;
  /** Bytes of body, from the client and to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** What went wrong inside, for the log only. */
  readonly cause: unknown;
}

export type ObserveRequest = (record: RequestRecord) => void;

/**
 * How a request ended: forwarded with a response, refused by the decision or as no valid HTTP, failed in forwarding, or
 * broken off before there was a decision.
 */
export type RequestOutcome = 'allow' | 'refuse' | 'fail' | 'abandon';

export function outcomeOf({ decision, reason }: RequestRecord): RequestOutcome {
  if (decision === null) return reason === null ? 'abandon' : 'refuse';
  if (decision.outcome === 'refuse') return 'refuse';
  return reason === null ? 'allow' : 'fail';
}

/** The word of the condition that was not met, or null. */
export function conditionOf({ decision, reason }: RequestRecord): string | null {
  if (reason !== 'condition_failed' || decision?.outcome !== 'refuse') return null;
  return decision.condition?.word ?? null;
}

/** Why the rule of a route in shadow mode refuses a request that it lets through: the word of its condition, or the reason. */
export function shadowedOf({ decision }: RequestRecord): string | null {
  const refused = decision?.outcome === 'allow' ? decision.shadowed : null;
  return refused === null ? null : (refused.condition?.word ?? refused.reason);
}
