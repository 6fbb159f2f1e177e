/**
 * The traces of a process: where each request belongs, as trusted clients say or as a new trace, and what names it to services and
 * sources.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TracingConfig } from '../../config/config.ts';
import { readTraceContext, type TraceContext } from '../../core/request/trace-context.ts';
import type { TraceCall, TracedCall } from '../../identity/events.ts';
import type { RequestTrace, Tracing } from '../request-record.ts';
import { newTrace, replaceTrace, traceHeaders } from './trace-headers.ts';

export interface TracingInUse {
  /** At start and at each reload. Null: nothing is traced. */
  use(config: TracingConfig | null): Tracing | null;
  /** For the sources: by the request whose decision makes the call. */
  readonly traceCall: TraceCall;
}

/** The trace of the request whose decision is being made: by the context of the call, as a look-up is many calls away from the request. */
type Deciding = AsyncLocalStorage<{ readonly traceCall: TraceCall }>;

export function createTracing(): TracingInUse {
  const deciding: Deciding = new AsyncLocalStorage();
  return {
    use(config) {
      if (config === null) return null;
      const trustsAll = config.trust === 'all';
      return {
        begin: (rawHeaders, trusted) =>
          new UnrecordedTrace((trustsAll || trusted ? readTraceContext(rawHeaders) : null) ?? newTrace(), deciding),
      };
    },
    traceCall: (call) => deciding.getStore()?.traceCall(call) ?? null,
  };
}

/** Services and sources get the trace as it came: a span that is not recorded must not be the parent of theirs. */
class UnrecordedTrace implements RequestTrace {
  readonly traceId: string;
  readonly sampled = false;
  readonly #headers: readonly string[];
  readonly #deciding: Deciding;
  #over = false;

  constructor(trace: TraceContext, deciding: Deciding) {
    this.traceId = trace.traceId;
    this.#headers = traceHeaders(trace);
    this.#deciding = deciding;
  }

  deciding<T>(decide: () => T): T {
    return this.#deciding.run(this, decide);
  }

  /** What runs in its context after its end, such as a timer, does not belong to it. */
  traceCall(): TracedCall | null {
    return this.#over ? null : { headers: this.#headers, end() {} };
  }

  forwarding(headers: string[]): void {
    replaceTrace(headers, this.#headers);
  }

  end(): void {
    this.#over = true;
  }
}
