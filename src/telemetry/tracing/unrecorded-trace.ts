/** The trace of a request that is not recorded here. */
import type { TraceContext } from '../../core/request/trace-context.ts';
import type { TracedCall } from '../../identity/events.ts';
import type { RequestTrace } from '../request-trace.ts';
import type { Deciding } from './deciding.ts';
import { replaceTrace, traceHeaders } from './trace-headers.ts';

/** Services and sources receive the trace unchanged: an unrecorded span must not be the parent of theirs. */
export class UnrecordedTrace implements RequestTrace {
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

  /** Code that runs in its context after its end, such as a timer, does not belong to it. */
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
