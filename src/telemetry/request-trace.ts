/** What a request needs of tracing. */
import type { RequestRecord } from './request-record.ts';

/** Begins the trace of every request. Null where it is used: nothing is traced. */
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
  /** Names the trace in the headers for a service (names and values in turn), in place of the trace that the client named. */
  forwarding(headers: string[]): void;
  /** The request is over. */
  end(record: RequestRecord): void;
}
