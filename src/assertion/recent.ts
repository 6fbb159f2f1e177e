/**
 * What was used lately, bounded by its bytes: in two generations, of which the older one is forgotten as a whole when the
 * younger one is full. What is in use moves on to the younger one.
 */
export class Recent<Key, Value> {
  readonly #mostBytes: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();
  #youngBytes = 0;
  readonly #bytesOf: (key: Key, value: Value) => number;

  /** `mostBytes`: of both generations together. */
  constructor(mostBytes: number, bytesOf: (key: Key, value: Value) => number) {
    this.#mostBytes = mostBytes;
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
    if (this.#youngBytes + bytes > this.#mostBytes / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    // One in place of another counts again: the bound holds all the more.
    this.#youngBytes += bytes;
    this.#young.set(key, value);
  }
}
