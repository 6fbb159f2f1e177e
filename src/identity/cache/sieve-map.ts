/**
 * A `Map` bounded by entries and bytes that evicts by SIEVE (Zhang and others, "SIEVE is Simpler than LRU", NSDI 2024): entries are queued
 * in the order of insertion; a hand moves from the oldest to the newest, skips those that were used since it last passed, and evicts the
 * first that was not. A flood of entries that are used once evicts only itself.
 */
interface Node<V> {
  readonly key: string;
  value: V;
  bytes: number;
  /** Used since the hand last passed. */
  visited: boolean;
  older: Node<V> | null;
  newer: Node<V> | null;
}

export class SieveMap<V> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: (value: V) => void;
  readonly #nodes = new Map<string, Node<V>>();
  #bytes = 0;
  #oldest: Node<V> | null = null;
  #newest: Node<V> | null = null;
  /** The node that the hand visits next; null: the oldest. */
  #hand: Node<V> | null = null;

  /** `onEvict` is called with every evicted value, after its removal. */
  constructor(maxEntries: number, maxBytes: number, onEvict: (value: V) => void) {
    this.#maxEntries = maxEntries;
    this.#maxBytes = maxBytes;
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Uses the entry. */
  get(key: string): V | undefined {
    const node = this.#nodes.get(key);
    if (node === undefined) return undefined;
    node.visited = true;
    return node.value;
  }

  /** Returns the entry without using it. */
  peek(key: string): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  /** A value with the same key is replaced in place. False, without a value: it is larger than the bound of the map. */
  set(key: string, value: V, bytes: number): boolean {
    const held = this.#nodes.get(key);
    if (bytes > this.#maxBytes) {
      this.delete(key);
      return false;
    }
    if (held !== undefined) {
      this.#bytes += bytes - held.bytes;
      held.value = value;
      held.bytes = bytes;
      while (this.#bytes > this.#maxBytes) this.#evict(held);
      return true;
    }
    while (this.#nodes.size >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes) this.#evict();
    const node: Node<V> = { key, value, bytes, visited: false, older: this.#newest, newer: null };
    if (this.#newest === null) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
    this.#nodes.set(key, node);
    this.#bytes += bytes;
    return true;
  }

  delete(key: string): void {
    const node = this.#nodes.get(key);
    if (node !== undefined) this.#remove(node);
  }

  clear(): void {
    this.#nodes.clear();
    this.#bytes = 0;
    this.#oldest = null;
    this.#newest = null;
    this.#hand = null;
  }

  #remove(node: Node<V>): void {
    const { older, newer } = node;
    if (this.#hand === node) this.#hand = newer;
    if (older === null) this.#oldest = newer;
    else older.newer = newer;
    if (newer === null) this.#newest = older;
    else newer.older = older;
    this.#nodes.delete(node.key);
    this.#bytes -= node.bytes;
  }

  /** Evicts one entry, but not `kept`, which is never the only one. */
  #evict(kept: Node<V> | null = null): void {
    let node = this.#hand ?? this.#oldest;
    while (node !== null && (node.visited || node === kept)) {
      node.visited = false;
      node = node.newer ?? this.#oldest;
    }
    if (node === null) return;
    this.#hand = node;
    this.#remove(node);
    this.#onEvict(node.value);
  }
}
