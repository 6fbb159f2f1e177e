/** Counters by one word of a fixed list, such as an outcome. */
import type { Sample } from './exposition.ts';

export class Counts {
  readonly #counts = new Map<string, number>();

  add(word: string): void {
    this.#counts.set(word, (this.#counts.get(word) ?? 0) + 1);
  }

  *samples(): Generator<Sample> {
    for (const [word, value] of this.#counts) yield { labels: [word], value };
  }
}
