/** Counts what the identity room tells as it works. */
import type { BreakerState, IdentityEvents } from '../identity/events.ts';
import { Distribution } from './distribution.ts';
import type { Sample } from './exposition.ts';
import { type MetricKey, metricsCatalog } from './metrics-catalog.ts';
import { PairCounts } from './pair-counts.ts';

const breakerStates: readonly BreakerState[] = ['closed', 'half_open', 'open'];

export class IdentityTally {
  readonly #verdicts = new PairCounts();
  readonly #calls = new PairCounts();
  readonly #redis = new PairCounts();
  readonly #durations = new Map<string, Distribution>();
  #breaker: BreakerState = 'closed';
  #stale = 0;

  readonly events: IdentityEvents = {
    verdict: (source, outcome) => this.#verdicts.add(source, outcome),
    authApiCall: (kind, outcome, seconds) => {
      this.#calls.add(kind, outcome);
      let duration = this.#durations.get(kind);
      if (duration === undefined) {
        duration = new Distribution(metricsCatalog.authApiDuration.buckets);
        this.#durations.set(kind, duration);
      }
      duration.observe(seconds);
    },
    redis: (operation, outcome) => this.#redis.add(operation, outcome),
    breaker: (state) => {
      this.#breaker = state;
    },
    stale: () => {
      this.#stale += 1;
    },
  };

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    yield ['verdicts', this.#verdicts.samples()];
    yield ['staleVerdicts', [{ labels: [], value: this.#stale }]];
    yield ['authApiCalls', this.#calls.samples()];
    yield ['authApiDuration', [...this.#durations].flatMap(([kind, duration]) => [...duration.samples([kind])])];
    yield ['breaker', breakerStates.map((state) => ({ labels: [state], value: state === this.#breaker ? 1 : 0 }))];
    yield ['redis', this.#redis.samples()];
  }
}
