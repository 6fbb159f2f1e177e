/** A histogram as plain numbers: an observation is a short loop and two additions, without labels or allocation. */
import type { Sample } from './exposition.ts';

export class Distribution {
  readonly #bounds: readonly number[];
  /** Observations by bucket, not cumulative; the last one is everything above the bounds. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** Counts a value in seconds; one that is negative or no number counts as 0, since a clock may be read out of turn. */
  observe(seconds: number): void {
    let value = 0;
    if (seconds > 0) value = seconds;
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    this.#counts[bucket]! += 1;
    this.#sum += value;
  }

  *samples(labels: readonly string[]): Generator<Sample> {
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      const bound = this.#bounds[index];
      yield { labels, value: below, part: { suffix: '_bucket', le: bound === undefined ? '+Inf' : String(bound) } };
    }
    yield { labels, value: this.#sum, part: { suffix: '_sum' } };
    yield { labels, value: below, part: { suffix: '_count' } };
  }
}
