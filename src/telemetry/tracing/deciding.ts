/** Finds the request whose decision makes a call to a source: a look-up is many calls away from the request. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { TraceCall, TraceLookUp } from '../../identity/events.ts';

export interface DecidingTrace {
  readonly traceCall: TraceCall;
}

/**
 * A decision is synchronous up to its look-up, and most decisions need none. So only a look-up has an asynchronous context, which would
 * otherwise cost every request 0.3 us.
 */
export class Deciding {
  readonly #lookUps = new AsyncLocalStorage<DecidingTrace>();
  #now: DecidingTrace | null = null;

  /** Runs the decision of a request; decisions never nest. */
  run<T>(trace: DecidingTrace, decide: () => T): T {
    this.#now = trace;
    try {
      return decide();
    } finally {
      this.#now = null;
    }
  }

  readonly lookUp: TraceLookUp = (run) => (this.#now === null ? run() : this.#lookUps.run(this.#now, run));

  /** The trace of the look-up that is running; null: it belongs to none. */
  get current(): DecidingTrace | null {
    return this.#lookUps.getStore() ?? null;
  }
}
