/** The span of one request to the Auth API in this process; its attributes are known when the request has ended. */
import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { RequestTrace } from '../../auth-api/events.ts';
import type { TraceContext } from '../../core/request/trace-context.ts';
import { contextOf } from './recorded-trace.ts';
import { authApiAttributes, authApiSpanName } from './span-attributes.ts';

/** `parent`: the trace of the incoming request; null: it begins here. A span that is not ended is not sent. */
export function beginAuthApiTrace(tracer: Tracer, parent: TraceContext | null): RequestTrace {
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
