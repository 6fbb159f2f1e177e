/** Counters by two words of fixed lists, such as a source and an outcome: two lookups, and nothing allocated when warm. */
import type { Sample } from './exposition.ts';

export class PairCounts {
  readonly #counts = new Map<string, Map<string, { value: number }>>();

  add(first: string, second: string): void {
    let inner = this.#counts.get(first);
    if (inner === undefined) {
      inner = new Map();
      this.#counts.set(first, inner);
    }
    const cell = inner.get(second);
    if (cell === undefined) inner.set(second, { value: 1 });
    else cell.value += 1;
  }

  *samples(): Generator<Sample> {
    for (const [first, inner] of this.#counts) {
      for (const [second, cell] of inner) yield { labels: [first, second], value: cell.value };
    }
  }
}
