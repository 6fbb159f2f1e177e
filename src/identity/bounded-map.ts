/**
 * A map that holds at most so many entries and so much weight, and gives up its oldest entries for new ones. Setting a
 * key makes it the youngest; reading changes nothing, so that a read costs one lookup. The order is a list of its own:
 * asking a `Map` for its first key walks over every slot that deletions left behind, quadratic under a flood.
 */
export interface Weighed {
  /** Rough size in characters. */
  readonly weight: number;
}

interface Slot<V> {
  readonly key: string;
  readonly value: V;
  older: Slot<V> | null;
  younger: Slot<V> | null;
}

export class BoundedMap<V extends Weighed> {
  readonly #slots = new Map<string, Slot<V>>();
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  #weight = 0;
  #oldest: Slot<V> | null = null;
  #youngest: Slot<V> | null = null;

  constructor(maxEntries: number, maxWeight: number) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
  }

  get size(): number {
    return this.#slots.size;
  }

  get(key: string): V | undefined {
    return this.#slots.get(key)?.value;
  }

  /** Sets an entry as the youngest. One that is heavier than the whole map is not kept, nor is what it replaces. */
  set(key: string, value: V): void {
    this.delete(key);
    if (this.#maxEntries < 1 || value.weight > this.#maxWeight) return;
    while (
      this.#oldest !== null &&
      (this.#slots.size >= this.#maxEntries || this.#weight + value.weight > this.#maxWeight)
    ) {
      this.delete(this.#oldest.key);
    }
    const slot: Slot<V> = { key, value, older: this.#youngest, younger: null };
    if (this.#youngest === null) this.#oldest = slot;
    else this.#youngest.younger = slot;
    this.#youngest = slot;
    this.#slots.set(key, slot);
    this.#weight += value.weight;
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#weight -= slot.value.weight;
    if (slot.older === null) this.#oldest = slot.younger;
    else slot.older.younger = slot.younger;
    if (slot.younger === null) this.#youngest = slot.older;
    else slot.younger.older = slot.older;
  }
}
