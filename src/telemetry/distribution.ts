/** A histogram as plain numbers: an observation is a short loop and two additions, without labels or allocation. */
import type { Sample } from './exposition.ts';

export class Distribution {
  readonly #bounds: readonly number[];
  readonly #numbers: Float64Array;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#numbers = new Float64Array(widthOf(bounds));
  }

  observe(seconds: number): void {
    observeAt(this.#numbers, 0, this.#bounds, seconds);
  }

  samples(labels: readonly string[]): Generator<Sample> {
    return samplesAt(this.#numbers, 0, this.#bounds, labels);
  }
}

/** How many numbers there are of one histogram: the sum, observations by bucket, not cumulative, and those above the bounds. */
export function widthOf(bounds: readonly number[]): number {
  return bounds.length + 2;
}

/**
 * Counts a value in seconds in the histogram that begins at `at`; one that is negative or no number counts as 0, since a
 * clock may be read out of turn.
 */
export function observeAt(numbers: Float64Array, at: number, bounds: readonly number[], seconds: number): void {
  let value = 0;
  if (seconds > 0) value = seconds;
  let bucket = 0;
  while (bucket < bounds.length && value > bounds[bucket]!) bucket += 1;
  numbers[at]! += value;
  numbers[at + 1 + bucket]! += 1;
}

export function* samplesAt(
  numbers: Float64Array,
  at: number,
  bounds: readonly number[],
  labels: readonly string[],
): Generator<Sample> {
  let below = 0;
  for (let index = 0; index <= bounds.length; index += 1) {
    below += numbers[at + 1 + index]!;
    const bound = bounds[index];
    yield { labels, value: below, part: { suffix: '_bucket', le: bound === undefined ? '+Inf' : String(bound) } };
  }
  yield { labels, value: numbers[at]!, part: { suffix: '_sum' } };
  yield { labels, value: below, part: { suffix: '_count' } };
}
