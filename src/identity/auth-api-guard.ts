/**
 * Stands before the Auth API: so many calls at once, as many waiting, and a circuit breaker that spares a failing Auth
 * API (and our clients' patience) after consecutive failures. Nothing here queues without a bound.
 */
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import type { BreakerState } from './events.ts';

export interface GuardOptions {
  /** Calls at once; as many again may wait. */
  readonly concurrency: number;
  readonly breaker: { readonly failures: number; readonly openMs: number };
  readonly onState: (state: BreakerState) => void;
}

/** Says whether the guarded service itself failed: an answer that somebody does not like is no failure. */
export interface Guarded {
  readonly outage: boolean;
}

export interface Guard<R extends Guarded> {
  /**
   * Runs a call when its turn comes; `busy` when there is no room to wait, when the breaker is open, or when the turn
   * comes after `deadlineMs` (of `performance.now()`). As every call ends by its own deadline, so does every wait.
   */
  run(call: () => Promise<R>, deadlineMs: number): Promise<R | 'busy'>;
}

const stateNames: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

export function createGuard<R extends Guarded>({ concurrency, breaker, onState }: GuardOptions): Guard<R> {
  const outage = handleWhenResult((result) => (result as Guarded).outage);
  const circuit = circuitBreaker(outage, {
    halfOpenAfter: breaker.openMs,
    breaker: new ConsecutiveBreaker(breaker.failures),
  });
  circuit.onStateChange((state) => onState(stateNames[state]));
  const turns = bulkhead(concurrency, concurrency);

  return {
    async run(call, deadlineMs) {
      try {
        return await turns.execute<R | 'busy'>(async () => {
          if (performance.now() >= deadlineMs) return 'busy';
          // The library would let every further caller wait for the one trial call, without a bound.
          if (circuit.state === CircuitState.HalfOpen) return 'busy';
          return circuit.execute(call);
        });
      } catch (error) {
        if (error instanceof BulkheadRejectedError || error instanceof BrokenCircuitError) return 'busy';
        throw error;
      }
    },
  };
}
