/**
 * Recently used values, bounded by bytes, in two generations: the older one is dropped as a whole when the younger one is full. Used values
 * move to the younger one.
 */
export class Recent<Key, Value> {
  readonly #maxBytes: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  #youngBytes = 0;
  readonly #bytesOf: (key: Key, value: Value) => number;

  /** `maxBytes`: of both generations together. */
  constructor(maxBytes: number, bytesOf: (key: Key, value: Value) => number) {
    this.#maxBytes = maxBytes;
    this.#bytesOf = bytesOf;
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) {
      this.#old.delete(key);
      this.set(key, old);
    }
    return old;
  }

  set(key: Key, value: Value): void {
    const bytes = this.#bytesOf(key, value);
    if (this.#youngBytes + bytes > this.#maxBytes / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    // A replaced value is counted again, which only makes the bound stricter.
    this.#youngBytes += bytes;
    this.#young.set(key, value);
  }
}
