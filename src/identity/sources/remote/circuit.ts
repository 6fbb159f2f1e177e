/**
 * The circuit breaker of one URL of the Auth API: after consecutive failures it stops calls, which spares the service and makes clients
 * fail fast, until one trial call succeeds.
 */
import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  DelegateBackoff,
  handleWhenResult,
  type IHalfOpenAfterBackoffContext,
} from 'cockatiel';
import { elapsedMs, type Moment, momentOf } from '../../clock.ts';
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

const stateNames: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

export function createCircuit<R extends Guarded>({ breaker, onState }: CircuitOptions): Circuit<R> {
  const failure = handleWhenResult((result) => (result as Guarded).failed);
  let openForMs = breaker.openMs;
  const circuit = circuitBreaker(failure, {
    halfOpenAfter: new DelegateBackoff(({ result }: IHalfOpenAfterBackoffContext) => {
      const waitS = 'value' in result ? (result.value as Guarded).waitS : null;
      openForMs = Math.max(breaker.openMs, Math.min((waitS ?? 0) * 1_000, maxOpenMs));
      return openForMs;
    }),
    breaker: new ConsecutiveBreaker(breaker.failures),
  });
  let opened: Moment | null = null;
  circuit.onStateChange((state) => {
    if (state === CircuitState.Open) opened = momentOf(clocks);
    onState(stateNames[state]);
  });

  /**
   * The library uses the machine's clock: after that is set back, the breaker would stay open until the clock catches up. It can only be
   * closed from outside, so that there is no trial call then: if the service still fails, it opens again.
   */
  function isOverdue(): boolean {
    if (circuit.state !== CircuitState.Open || opened === null) return false;
    // The machine's clock counts whole milliseconds.
    return clocks.now() - opened.nowMs < openForMs && elapsedMs(opened, clocks) >= openForMs + 1;
  }
  return {
    get closed() {
      return circuit.state === CircuitState.Closed;
    },
    async run(call) {
      if (isOverdue()) circuit.isolate().dispose();
      // The library would let all further callers wait for the one trial call, without a bound.
      if (circuit.state === CircuitState.HalfOpen) return 'open';
      try {
        return await circuit.execute(call);
      } catch (error) {
        if (error instanceof BrokenCircuitError) return 'open';
        throw error;
      }
    },
  };
}
