/**
 * Decides which entry of a full space gives way: SIEVE (Zhang and others, NSDI 2024). Entries stand in the order in which
 * they came; a hand walks from the oldest to the newest, spares those that were used since it last passed, and takes the
 * first that was not. A flood of entries that are used once pushes out only itself, and a use costs one assignment: no
 * list is touched, which a least-recently-used order could not offer.
 */
export interface SieveEntry<E> {
  /** Set when the entry is used, cleared as the hand passes. */
  spared: boolean;
  readonly bytes: number;
  older: E | null;
  newer: E | null;
}

export class Sieve<E extends SieveEntry<E>> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: (entry: E) => void;
  #size = 0;
  #bytes = 0;
  #oldest: E | null = null;
  #newest: E | null = null;
  /** The entry that the hand looks at next; null: the oldest. */
  #hand: E | null = null;

  /** `onEvict` is called for every entry that has to give way, after it has left. */
  constructor(maxEntries: number, maxBytes: number, onEvict: (entry: E) => void) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes an entry as the newest; false when it is larger than the whole space. */
  add(entry: E): boolean {
    if (this.#maxEntries < 1 || entry.bytes > this.#maxBytes) return false;
    while (this.#size >= this.#maxEntries || this.#bytes + entry.bytes > this.#maxBytes) this.#evict();
    entry.older = this.#newest;
    if (this.#newest === null) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
    this.#size += 1;
    this.#bytes += entry.bytes;
    return true;
  }

  /** Lets an entry go that is in the space. */
  remove(entry: E): void {
    const { older, newer } = entry;
    if (this.#hand === entry) this.#hand = newer;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    entry.older = null;
    entry.newer = null;
    this.#size -= 1;
    this.#bytes -= entry.bytes;
  }

  #evict(): void {
    let entry = this.#hand ?? this.#oldest;
    while (entry?.spared) {
      entry.spared = false;
      entry = entry.newer ?? this.#oldest;
    }
    if (entry === null) return;
    this.#hand = entry;
    this.remove(entry);
    this.#onEvict(entry);
  }
}
