/** A `Map` bounded by entries and bytes; a queue by SIEVE chooses what is evicted. */
import { type Queued, SieveQueue } from './sieve-queue.ts';

interface Node<V> extends Queued<Node<V>> {
  readonly key: string;
  value: V;
  bytes: number;
}

export class SieveMap<V> {
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #onEvict: (value: V) => void;
  readonly #nodes = new Map<string, Node<V>>();
  readonly #queue = new SieveQueue<Node<V>>();
  #bytes = 0;

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
    const previous = this.#nodes.get(key);
    if (bytes > this.#maxBytes) {
      this.delete(key);
      return false;
    }
    if (previous !== undefined) {
      this.#bytes += bytes - previous.bytes;
      previous.value = value;
      previous.bytes = bytes;
      while (this.#bytes > this.#maxBytes) this.#evict(previous);
      return true;
    }
    while (this.#nodes.size >= this.#maxEntries || this.#bytes + bytes > this.#maxBytes) this.#evict();
    const node: Node<V> = { key, value, bytes, visited: false, older: null, newer: null };
    this.#queue.push(node);
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
    this.#queue.clear();
  }

  #remove(node: Node<V>): void {
    this.#queue.remove(node);
    this.#nodes.delete(node.key);
    this.#bytes -= node.bytes;
  }

  /** Evicts one entry, but not `kept`. */
  #evict(kept: Node<V> | null = null): void {
    const node = this.#queue.next(kept);
    if (node === null) return;
    this.#remove(node);
    this.#onEvict(node.value);
  }
}
