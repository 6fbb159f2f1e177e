/**
 * The circuit breaker of one URL of the Auth API: after consecutive failures it stops calls, which spares the service and makes clients
 * fail fast, until one trial call succeeds.
 */
import { elapsedMs, momentOf } from '../../clock.ts';
import type { BreakerState } from '../../events.ts';

export interface CircuitOptions {
  /** Consecutive failures that open it, and for how long. */
  readonly breaker: { readonly failures: number; readonly openMs: number };
  readonly onState: (state: BreakerState) => void;
}

/** States whether the service itself failed: a rejection is not a failure. */
export interface Guarded {
  readonly failed: boolean;
  /** Seconds for which a service that failed asks to be left alone, or null. */
  readonly waitS: number | null;
}

export interface Circuit<R extends Guarded> {
  /** Whether calls are made normally. */
  readonly closed: boolean;
  /** Runs the call, or returns `open` at once while it is open, and during the one trial call. */
  run(call: () => Promise<R>): Promise<R | 'open'>;
}

/** Maximum time for which a service can ask to be left alone: it may be back sooner. */
export const maxOpenMs = 60_000;

const clocks = { now: () => Date.now(), steady: () => performance.now() };

export function createCircuit<R extends Guarded>({ breaker, onState }: CircuitOptions): Circuit<R> {
  let state: BreakerState = 'closed';
  let failures = 0;
  let opened = momentOf(clocks);
  let openForMs = 0;

  function enter(next: BreakerState): void {
    state = next;
    onState(next);
  }

  function ended(isTrial: boolean, { failed, waitS }: Guarded): void {
    // It began before the breaker opened.
    if (!isTrial && state !== 'closed') return;
    failures = failed ? failures + 1 : 0;
    if (failed && (isTrial || failures >= breaker.failures)) {
      openForMs = Math.max(breaker.openMs, Math.min((waitS ?? 0) * 1_000, maxOpenMs));
      opened = momentOf(clocks);
      enter('open');
    } else if (isTrial) {
      enter('closed');
    }
  }

  return {
    get closed() {
      return state === 'closed';
    },
    async run(call) {
      const isTrial = state !== 'closed';
      // Others do not wait for the trial call: its time has no bound here.
      if (isTrial && (state === 'half_open' || elapsedMs(opened, clocks) < openForMs)) return 'open';
      if (isTrial) enter('half_open');
      let result: R | null = null;
      try {
        result = await call();
        return result;
      } finally {
        ended(isTrial, result ?? { failed: true, waitS: null });
      }
    },
  };
}
