/** A histogram as plain numbers: an observation is a short loop and two additions, without labels or allocation. */
import type { Sample } from './exposition.ts';

export class Distribution {
  readonly #bounds: readonly number[];
  /**
   * Observations by bucket, not cumulative, then everything above the bounds, then the sum. An ordinary list lies beside
   * its distribution in memory, which with thousands of routes is what an observation costs.
   */
  readonly #numbers: number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#numbers = Array.from({ length: bounds.length + 2 }, () => 0);
  }

  /** Counts a value in seconds; one that is negative or no number counts as 0, since a clock may be read out of turn. */
  observe(seconds: number): void {
    let value = 0;
    if (seconds > 0) value = seconds;
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
    const numbers = this.#numbers;
    numbers[bucket]! += 1;
    numbers[bounds.length + 1]! += value;
  }

  *samples(labels: readonly string[]): Generator<Sample> {
    const numbers = this.#numbers;
    const last = this.#bounds.length;
    let below = 0;
    for (let index = 0; index <= last; index += 1) {
      below += numbers[index]!;
      const bound = this.#bounds[index];
      yield { labels, value: below, part: { suffix: '_bucket', le: bound === undefined ? '+Inf' : String(bound) } };
    }
    yield { labels, value: numbers[last + 1]!, part: { suffix: '_sum' } };
    yield { labels, value: below, part: { suffix: '_count' } };
  }
}
