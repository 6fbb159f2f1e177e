/**
 * The keys of one mapping and what they have, in the order of the file. Most mappings have a handful, and a long file has
 * tens of thousands of mappings: so they are a chain, and only many keys are found by a `Map`.
 */
import type { Node } from './tree.ts';

export interface MapEntry {
  readonly name: string;
  readonly keyOffset: number;
  readonly value: Node;
  readonly next: MapEntry | null;
}

const few = 8;

export class Entries {
  #first: MapEntry | null = null;
  #last: { next: MapEntry | null } | null = null;
  #size = 0;
  /** Null: they are few. */
  #byName: Map<string, MapEntry> | null = null;

  /** The others hang on it. */
  get first(): MapEntry | null {
    return this.#first;
  }

  /** The name is not there yet. */
  add(name: string, keyOffset: number, value: Node): void {
    const entry = { name, keyOffset, value, next: null };
    if (this.#last === null) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.#size += 1;
    if (this.#byName !== null) this.#byName.set(name, entry);
    else if (this.#size > few) this.#byName = this.#all();
  }

  get(name: string): MapEntry | null {
    if (this.#byName !== null) return this.#byName.get(name) ?? null;
    let entry = this.#first;
    while (entry !== null && entry.name !== name) entry = entry.next;
    return entry;
  }

  names(): readonly string[] {
    return [...this.#all().keys()];
  }

  #all(): Map<string, MapEntry> {
    const all = new Map<string, MapEntry>();
    for (let entry = this.#first; entry !== null; entry = entry.next) all.set(entry.name, entry);
    return all;
  }
}
