/** Names with a time each, within a bound: the oldest are evicted, and expired ones are removed. Together, or for each source alone. */

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

/** Sources beyond these share a bound with names of every source. */
const maxSources = 64;

/**
 * Revoked names, with a bound for each source: a flood of one source's names evicts no others. `name` is the id, or source and id with a
 * line end between them.
 */
export class SourceMoments {
  readonly #maxEntries: number;
  readonly #bySource = new Map<string, Moments>();
  /** By source: evicted names were revoked until then, so that anything older may be one of them. */
  readonly #lost = new Map<string, number>();

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return [...this.#bySource.values()].reduce((sum, { size }) => sum + size, 0);
  }

  *[Symbol.iterator](): Generator<readonly [name: string, atMs: number]> {
    for (const moments of this.#bySource.values()) yield* moments;
  }

  get lost(): readonly (readonly [source: string, untilMs: number])[] {
    return [...this.#lost];
  }

  at(name: string): number | undefined {
    return this.#bySource.get(this.#groupOf(name))?.at(name);
  }

  reaches(names: readonly string[], fromMs: number): boolean {
    return names.some((name) => this.#bySource.get(this.#groupOf(name))?.reaches([name], fromMs) === true);
  }

  /** Whether something of this source from `fromMs` may be named by an evicted name. */
  hasLost(source: string | null, fromMs: number): boolean {
    if (this.#lost.size === 0) return false;
    const groups = source === null ? [''] : ['', source];
    return groups.some((group) => fromMs <= (this.#lost.get(group) ?? Number.NEGATIVE_INFINITY));
  }

  keep(name: string, atMs: number, endedMs: number): void {
    const group = this.#groupOf(name);
    const moments = this.#bySource.get(group) ?? new Moments(this.#maxEntries);
    this.#bySource.set(group, moments);
    this.lose(group, moments.keep(name, atMs, endedMs));
  }

  lose(group: string, untilMs: number): void {
    if (untilMs > (this.#lost.get(group) ?? Number.NEGATIVE_INFINITY)) this.#lost.set(group, untilMs);
  }

  clear(): void {
    this.#bySource.clear();
    this.#lost.clear();
  }

  #groupOf(name: string): string {
    const source = name.slice(0, Math.max(name.indexOf('\n'), 0));
    return this.#bySource.has(source) || this.#bySource.size < maxSources ? source : '';
  }
}
