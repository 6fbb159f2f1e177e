/**
 * The order in which SIEVE evicts (Zhang and others, "SIEVE is Simpler than LRU", NSDI 2024): entries are queued in the order of insertion;
 * a hand moves from the oldest to the newest, skips those that were used since it last passed, and evicts the first that was not. A flood
 * of entries that are used once evicts only itself.
 */

/** An entry, which is itself the node of its queue. */
export interface Queued<N> {
  /** Used since the hand last passed. */
  visited: boolean;
  older: N | null;
  newer: N | null;
}

export class SieveQueue<N extends Queued<N>> {
  #oldest: N | null = null;
  #newest: N | null = null;
  /** The node that the hand visits next; null: the oldest. */
  #hand: N | null = null;

  push(node: N): void {
    node.older = this.#newest;
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  remove(node: N): void {
    const { older, newer } = node;
    if (this.#hand === node) this.#hand = newer;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
  }

  clear(): void {
    this.#oldest = null;
    this.#newest = null;
    this.#hand = null;
  }

  /** The node to evict, at which the hand stops; but not `kept`, which is never the only one. Null: the queue is empty. */
  next(kept: N | null): N | null {
    let node = this.#hand ?? this.#oldest;
    while (node !== null && (node.visited || node === kept)) {
      node.visited = false;
      node = node.newer ?? this.#oldest;
    }
    this.#hand = node;
    return node;
  }
}
