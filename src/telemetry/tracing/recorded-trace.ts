/**
 * The spans of one request: the request, its decision, calls to sources within it, and the request to the service. Most of their attributes
 * are known when the request has ended.
 */
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { randomFlag, sampledFlag, type TraceContext } from '../../core/request/trace-context.ts';
import type { SourceCall, TracedCall } from '../../identity/events.ts';
import type { AuthApiTrace } from '../auth-api-events.ts';
import type { RequestRecord, RequestTrace } from '../request-record.ts';
import type { Deciding } from './deciding.ts';
import {
  authApiAttributes,
  authApiSpanName,
  decideAttributes,
  requestAttributes,
  sourceAttributes,
  spanName,
  upstreamAttributes,
} from './span-attributes.ts';
import { replaceTrace, traceHeaders } from './trace-headers.ts';

export class RecordedTrace implements RequestTrace {
  readonly traceId: string;
  readonly sampled = true;
  readonly #tracer: Tracer;
  readonly #deciding: Deciding;
  readonly #parent: TraceContext | null;
  readonly #request: Span;
  /** Of `performance.now()`, in milliseconds since the epoch: one for all spans, so that they are consistent. */
  readonly #originMs = Date.now() - performance.now();
  #decide: Span | null = null;
  #upstream: Span | null = null;
  #over = false;

  /** `parent`: the trace of the incoming request; null: it begins here. */
  constructor(tracer: Tracer, parent: TraceContext | null, deciding: Deciding) {
    this.#tracer = tracer;
    this.#deciding = deciding;
    this.#parent = parent;
    this.#request = tracer.startSpan('HTTP', { kind: SpanKind.SERVER, startTime: this.#now() }, contextOf(parent));
    this.traceId = this.#request.spanContext().traceId;
  }

  deciding<T>(decide: () => T): T {
    this.#decide = this.#start('decide', SpanKind.INTERNAL, this.#request);
    return this.#deciding.run(this, decide);
  }

  /** Code that runs in its context after its end, such as a timer, does not belong to it. */
  traceCall(call: SourceCall): TracedCall | null {
    if (this.#over || this.#decide === null) return null;
    const span = this.#start(call.method, SpanKind.CLIENT, this.#decide);
    span.setAttributes(sourceAttributes(call));
    const now = () => this.#now();
    return {
      headers: this.#headersOf(span),
      end(status, error) {
        if (status !== 0) span.setAttribute('http.response.status_code', status);
        if (error !== null) span.setAttribute('error.type', error);
        if (error !== null || status >= 400) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end(now());
      },
    };
  }

  forwarding(headers: string[]): void {
    this.#upstream = this.#start('HTTP', SpanKind.CLIENT, this.#request);
    replaceTrace(headers, this.#headersOf(this.#upstream));
  }

  end(record: RequestRecord): void {
    this.#over = true;
    const { reason, status } = record;
    const endedAt = this.#originMs + record.endedAt;
    const decidedAt = record.decidedAt > 0 ? this.#originMs + record.decidedAt : endedAt;
    this.#decide?.setAttributes(decideAttributes(record)).end(decidedAt);
    if (this.#upstream !== null) {
      const attributes = upstreamAttributes(record);
      this.#upstream.updateName(String(attributes['http.request.method'])).setAttributes(attributes);
      if (reason !== null || status >= 400) this.#upstream.setStatus({ code: SpanStatusCode.ERROR });
      this.#upstream.end(endedAt);
    }
    this.#request.updateName(spanName(record)).setAttributes(requestAttributes(record));
    // A refusal is not an error of the gateway.
    if (status >= 500 || record.cut) this.#request.setStatus({ code: SpanStatusCode.ERROR });
    this.#request.end(endedAt);
  }

  #now(): number {
    return this.#originMs + performance.now();
  }

  #start(name: string, kind: SpanKind, parent: Span): Span {
    return this.#tracer.startSpan(name, { kind, startTime: this.#now() }, trace.setSpan(ROOT_CONTEXT, parent));
  }

  #headersOf(span: Span): readonly string[] {
    const { traceId, spanId } = span.spanContext();
    const random = this.#parent === null ? randomFlag : this.#parent.flags & randomFlag;
    return traceHeaders({ traceId, spanId, flags: sampledFlag | random, state: this.#parent?.state ?? '' });
  }
}

export function contextOf(parent: TraceContext | null): Context {
  if (parent === null) return ROOT_CONTEXT;
  const { traceId, spanId, state } = parent;
  const traceState = state === '' ? {} : { traceState: createTraceState(state) };
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: sampledFlag,
    isRemote: true,
    ...traceState,
  });
}

/**
 * The span of one request to the Auth API in this process. `parent`: the trace of the incoming request; null: it begins here. A span that is
 * not ended is not sent.
 */
export function beginAuthApiTrace(tracer: Tracer, parent: TraceContext | null): AuthApiTrace {
  // One clock for both ends, so that neither steps with the time of day.
  const originMs = Date.now() - performance.now();
  const now = () => originMs + performance.now();
  const span = tracer.startSpan('HTTP', { kind: SpanKind.SERVER, startTime: now() }, contextOf(parent));
  return {
    traceId: span.spanContext().traceId,
    end(request) {
      span.updateName(authApiSpanName(request)).setAttributes(authApiAttributes(request));
      // A refusal is not an error of the Auth API.
      if (request.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end(now());
    },
  };
}
