/**
 * What was read before, for whoever reads the same again, as long as that happens: a long file has ten thousand ids, and
 * to look up a text that was never there costs more than to read it.
 */

/** Further ones are read each time. */
const most = 256;

export class KeptValues<Key, Value> {
  readonly #values = new Map<Key, Value>();
  #found = 0;
  #areAllDifferent = false;

  /** As many were kept as there may be, and they were hardly asked for: nothing is found anymore. */
  get areAllDifferent(): boolean {
    return this.#areAllDifferent;
  }

  find(key: Key): Value | undefined {
    if (this.#areAllDifferent) return undefined;
    const value = this.#values.get(key);
    if (value !== undefined) this.#found += 1;
    return value;
  }

  keep(key: Key, value: Value): void {
    if (this.#areAllDifferent) return;
    if (this.#values.size < most) {
      this.#values.set(key, value);
    } else if (this.#found < most) {
      this.#areAllDifferent = true;
      this.#values.clear();
    }
  }
}
