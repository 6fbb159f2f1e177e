/** What a request needs from tracing. */
import type { RequestRecord } from './request-record.ts';

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
