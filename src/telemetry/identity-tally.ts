/** Counts what the identity room tells as it works, and logs what an operator has to know at once. */
import type { BreakerState, IdentityEvents } from '../identity/events.ts';
import type { RevocationEvents } from '../identity/revocation/revocation-events.ts';
import { Counts } from './counts.ts';
import { Distribution } from './distribution.ts';
import type { Sample } from './exposition.ts';
import type { Logger } from './logger.ts';
import { type MetricKey, metricsCatalog } from './metrics-catalog.ts';
import { PairCounts } from './pair-counts.ts';

const breakerStates: readonly BreakerState[] = ['closed', 'half_open', 'open'];

/** Read at each scrape. */
export interface IdentityReadings {
  readonly accepted: number;
  readonly rejected: number;
  readonly bytes: number;
  readonly flights: number;
}

export class IdentityTally {
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  readonly #verdicts = new PairCounts();
  readonly #calls = new PairCounts();
  readonly #failures = new Counts();
  readonly #redis = new PairCounts();
  readonly #failovers = new Counts();
  readonly #sharedLookUps = new Counts();
  readonly #sharedLookUpWait = new Distribution(metricsCatalog.sharedLookUpWait.buckets);
  readonly #refreshes = new Counts();
  readonly #evictions = new Counts();
  readonly #revokedVerdicts = new Counts();
  readonly #durations = new Map<string, Distribution>();
  /** By URL. */
  #breakers: BreakerState[] = [];
  #stale = 0;
  #read: () => IdentityReadings = () => ({ accepted: 0, rejected: 0, bytes: 0, flights: 0 });

  constructor(log: Pick<Logger, 'info' | 'warn'>) {
    this.#log = log;
  }

  readonly events: Omit<IdentityEvents, keyof RevocationEvents> = {
    verdict: (source, outcome) => this.#verdicts.add(source, outcome),
    authApiCall: (kind, outcome, failure, seconds) => {
      this.#calls.add(kind, outcome);
      if (failure !== null) this.#failures.add(failure);
      let duration = this.#durations.get(kind);
      if (duration === undefined) {
        duration = new Distribution(metricsCatalog.authApiDuration.buckets);
        this.#durations.set(kind, duration);
      }
      duration.observe(seconds);
    },
    redis: (operation, outcome) => this.#redis.add(operation, outcome),
    authApiUrls: (count) => {
      this.#breakers = Array.from({ length: count }, () => 'closed');
    },
    breaker: (url, state) => {
      this.#breakers[url] = state;
    },
    failover: (url) => this.#failovers.add(String(url)),
    sharedLookUp: (outcome, waitedS) => {
      this.#sharedLookUps.add(outcome);
      if (waitedS !== null) this.#sharedLookUpWait.observe(waitedS);
    },
    refresh: (outcome) => this.#refreshes.add(outcome),
    evicted: (space) => this.#evictions.add(space),
    revokedVerdict: (place) => this.#revokedVerdicts.add(place),
    stale: () => {
      this.#stale += 1;
    },
    serving: (state, failure) => {
      if (state === 'stale')
        this.#log.warn({ authApi: failure }, 'the Auth API is out of reach: verdicts past their life are served');
      else this.#log.info('the Auth API answers again: no verdict past its life is served');
    },
  };

  /** Where a scrape reads what is held now. */
  watch(read: () => IdentityReadings): void {
    this.#read = read;
  }

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const { accepted, rejected, bytes, flights } = this.#read();
    yield ['verdicts', this.#verdicts.samples()];
    yield ['staleVerdicts', [{ labels: [], value: this.#stale }]];
    yield ['authApiCalls', this.#calls.samples()];
    yield ['authApiFailures', this.#failures.samples()];
    yield ['authApiDuration', [...this.#durations].flatMap(([kind, duration]) => [...duration.samples([kind])])];
    yield ['breaker', this.#breakers.flatMap(stateSamples)];
    yield ['failovers', this.#failovers.samples()];
    yield ['redis', this.#redis.samples()];
    yield ['sharedLookUps', this.#sharedLookUps.samples()];
    yield ['sharedLookUpWait', this.#sharedLookUpWait.samples([])];
    yield ['refreshes', this.#refreshes.samples()];
    yield ['evictions', this.#evictions.samples()];
    yield ['revokedVerdicts', this.#revokedVerdicts.samples()];
    yield [
      'cacheEntries',
      [
        { labels: ['accepted'], value: accepted },
        { labels: ['rejected'], value: rejected },
      ],
    ];
    yield ['cacheBytes', [{ labels: [], value: bytes }]];
    yield ['lookups', [{ labels: [], value: flights }]];
  }
}

function stateSamples(current: BreakerState, url: number): Sample[] {
  return breakerStates.map((state) => ({ labels: [String(url), state], value: state === current ? 1 : 0 }));
}
