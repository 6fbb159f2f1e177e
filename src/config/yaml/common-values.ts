/**
 * Values that entries of a list have in common, word for word: most routes of a long policy have the `access` of others.
 * Such a value is one tree for all its places, which the schema reads once.
 */
import { KeptValues } from '../kept-values.ts';
import type { Node } from './tree.ts';

/** By their lines. */
export type ValuesOfKey = KeptValues<string, Node>;

export class CommonValues {
  readonly #byKey = new Map<string, ValuesOfKey>();

  /** What is known of the key, such as `access`; null: it has another value each time. */
  of(key: string): ValuesOfKey | null {
    const values = this.#byKey.get(key) ?? new KeptValues();
    this.#byKey.set(key, values);
    return values.areAllDifferent ? null : values;
  }
}
