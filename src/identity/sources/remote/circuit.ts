/**
 * The circuit breaker before one URL of the Auth API: after consecutive failures it spares a failing service, and our
 * clients' patience, until one trial call succeeds.
 */
import { BrokenCircuitError, CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel';
import { elapsedMs, type Moment, momentOf } from '../../clock.ts';
import type { BreakerState } from '../../events.ts';

export interface CircuitOptions {
  /** Consecutive failures that open it, and for how long. */
  readonly breaker: { readonly failures: number; readonly openMs: number };
  readonly onState: (state: BreakerState) => void;
}

/** Says whether the service itself failed: a rejection is no failure. */
export interface Guarded {
  readonly failed: boolean;
}

export interface Circuit<R extends Guarded> {
  /** Whether calls go through as usual. */
  readonly closed: boolean;
  /** Runs the call, or returns `open` at once: while it is open, and while the one trial call is under way. */
  run(call: () => Promise<R>): Promise<R | 'open'>;
}

const clocks = { now: () => Date.now(), steady: () => performance.now() };

const stateNames: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

export function createCircuit<R extends Guarded>({ breaker, onState }: CircuitOptions): Circuit<R> {
  const failure = handleWhenResult((result) => (result as Guarded).failed);
  const circuit = circuitBreaker(failure, {
    halfOpenAfter: breaker.openMs,
    breaker: new ConsecutiveBreaker(breaker.failures),
  });
  let opened: Moment | null = null;
  circuit.onStateChange((state) => {
    if (state === CircuitState.Open) opened = momentOf(clocks);
    onState(stateNames[state]);
  });

  /** The library goes by the clock of the machine: once that is set back, it would stay open until it is where it was. */
  function isOverdue(): boolean {
    if (circuit.state !== CircuitState.Open || opened === null) return false;
    return clocks.now() - opened.nowMs < breaker.openMs && elapsedMs(opened, clocks) >= breaker.openMs;
  }
  return {
    get closed() {
      return circuit.state === CircuitState.Closed;
    },
    async run(call) {
      if (isOverdue()) circuit.isolate().dispose();
      // The library would let every further caller wait for the one trial call, without a bound.
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
