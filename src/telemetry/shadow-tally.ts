/** Counts how a candidate of the rules compares with those in use, and what becomes of recorded decisions. */
import type { Sample } from './exposition.ts';
import { type MetricKey, noRoute } from './metrics-catalog.ts';

export interface ShadowEvents {
  /** `skipped`: too many came at once. */
  compared(result: string): void;
  /** Route of the rules in use, else of the candidate; reason of the candidate, else of the rules in use; null: none. */
  differed(route: string | null, difference: string, reason: string | null): void;
}

export interface RecordEvents {
  recorded(result: 'written' | 'left_out' | 'failed'): void;
}

/** Series of differences; beyond it they count under no route. */
const mostSeries = 5000;

export class ShadowTally {
  readonly #compared = new Map<string, number>();
  readonly #differed = new Map<string, { readonly labels: readonly string[]; value: number }>();
  readonly #recorded = new Map<string, number>();

  readonly events: ShadowEvents & RecordEvents = {
    compared: (result) => add(this.#compared, result),
    differed: (route, difference, reason) => this.#differ(route ?? noRoute, difference, reason ?? ''),
    recorded: (result) => add(this.#recorded, result),
  };

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    yield ['shadowDecisions', [...this.#compared].map(([result, value]) => ({ labels: [result], value }))];
    yield ['shadowDifferences', [...this.#differed.values()]];
    yield ['decisionRecords', [...this.#recorded].map(([result, value]) => ({ labels: [result], value }))];
  }

  #differ(route: string, difference: string, reason: string): void {
    const key = `${route} ${difference} ${reason}`;
    const known = this.#differed.get(key);
    if (known !== undefined) known.value += 1;
    else if (this.#differed.size < mostSeries || route === noRoute) {
      this.#differed.set(key, { labels: [route, difference, reason], value: 1 });
    } else this.#differ(noRoute, difference, reason);
  }
}

function add(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}
