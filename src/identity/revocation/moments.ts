/** Names with a time each, within a bound: the oldest are evicted, and expired ones are removed. */

/** The oldest first. */
export class Moments {
  readonly #maxEntries: number;
  readonly #atMs = new Map<string, number>();
  latestMs = Number.NEGATIVE_INFINITY;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#atMs.size;
  }

  [Symbol.iterator](): MapIterator<[name: string, atMs: number]> {
    return this.#atMs.entries();
  }

  /** Undefined: no such name. */
  at(name: string): number | undefined {
    return this.#atMs.get(name);
  }

  /** Whether one of these names has a time that is not before `fromMs`. */
  reaches(names: readonly string[], fromMs: number): boolean {
    return names.some((name) => {
      const atMs = this.#atMs.get(name);
      return atMs !== undefined && fromMs <= atMs;
    });
  }

  /** Removes those before `endedMs`. Returns the time of an evicted one, or minus infinity. */
  keep(name: string, atMs: number, endedMs: number): number {
    this.latestMs = Math.max(this.latestMs, atMs);
    this.#atMs.delete(name);
    this.#atMs.set(name, atMs);
    for (const [oldest, oldestMs] of this.#atMs) {
      if (oldestMs >= endedMs) {
        if (this.#atMs.size <= this.#maxEntries) break;
        this.#atMs.delete(oldest);
        return oldestMs;
      }
      this.#atMs.delete(oldest);
    }
    return Number.NEGATIVE_INFINITY;
  }

  clear(): void {
    this.#atMs.clear();
    this.latestMs = Number.NEGATIVE_INFINITY;
  }
}
