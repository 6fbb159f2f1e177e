/**
 * What short parts of longer texts were read as: found by their characters as they stand, so that a part that is repeated
 * is neither cut out of its text nor read again.
 */
import { hashOf, stands } from './literal-table.ts';

/** Longer ones are hardly ever repeated. */
const longest = 24;
/** Further ones are read each time. */
const most = 1000;

export class KnownParts<Value> {
  readonly #byHash = new Map<number, { readonly part: string; readonly value: Value }>();
  readonly #read: (part: string) => Value;

  /** `read` may throw, and nothing is remembered then. */
  constructor(read: (part: string) => Value) {
    this.#read = read;
  }

  /** Of the part from `start` to `end`. */
  read(text: string, start: number, end: number): Value {
    if (end - start > longest) return this.#read(text.slice(start, end));
    const hash = hashOf(text, start, end);
    const known = this.#byHash.get(hash);
    if (known !== undefined && stands(known.part, text, start, end)) return known.value;
    const part = text.slice(start, end);
    const value = this.#read(part);
    if (known === undefined && this.#byHash.size < most) this.#byHash.set(hash, { part, value });
    return value;
  }
}
