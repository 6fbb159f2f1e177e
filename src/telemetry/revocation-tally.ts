/** Counts what revocation tells as it works. */
import type { RevocationEvents } from '../identity/revocation/revocation-events.ts';
import type { Sample } from './exposition.ts';
import type { MetricKey } from './metrics-catalog.ts';
import { PairCounts } from './pair-counts.ts';

/** What a scrape reads of the process now. */
export interface RevocationReadings {
  readonly connected: boolean;
  readonly tombstones: number;
}

export class RevocationTally {
  readonly #revoked = new PairCounts();
  readonly #invalidMessages = new Map<string, number>();
  readonly #catchUps = new Map<string, number>();
  readonly #unreadable = new Map<string, number>();
  #unacknowledged = 0;
  #undelivered = 0;
  #read: () => RevocationReadings | null = () => null;

  readonly events: RevocationEvents = {
    revoked: (source, { kind }) => this.#revoked.add(source, kind),
    invalidMessage: (where) => add(this.#invalidMessages, where),
    connected: () => {},
    caughtUp: (outcome) => add(this.#catchUps, outcome),
    unacknowledged: (replicas) => {
      this.#unacknowledged += replicas;
    },
    undelivered: () => {
      this.#undelivered += 1;
    },
  };

  /** A route that was to revoke something, and what it named was no id. */
  readonly unreadable = (route: string): void => add(this.#unreadable, route);

  /** Null: nothing is in use yet. */
  watch(read: () => RevocationReadings | null): void {
    this.#read = read;
  }

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const readings = this.#read();
    const now = readings === null ? [] : [readings];
    yield ['revocations', this.#revoked.samples()];
    yield ['revocationMessagesInvalid', samplesOf(this.#invalidMessages)];
    yield ['revocationConnected', now.map(({ connected }) => ({ labels: [], value: connected ? 1 : 0 }))];
    yield ['revocationTombstones', now.map(({ tombstones }) => ({ labels: [], value: tombstones }))];
    yield ['revocationCatchUps', samplesOf(this.#catchUps)];
    yield ['revocationUnacknowledged', [{ labels: [], value: this.#unacknowledged }]];
    yield ['revocationUndelivered', [{ labels: [], value: this.#undelivered }]];
    yield ['evictionUnreadable', samplesOf(this.#unreadable)];
  }
}

function add(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function samplesOf(counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([label, value]) => ({ labels: [label], value }));
}
