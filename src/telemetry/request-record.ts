/** What an entrypoint knows about one ended request: the source of its metrics and its log line. */
import type { Decision } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { RequestTrace } from './request-trace.ts';

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
  /** Address of the client, through trusted proxies. */
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
