/**
 * Values that entries of a list have in common, word for word: most routes of a long policy have the `access` of others.
 * Such a value is one tree for all its places, which the schema reads once.
 */
import type { Node } from './tree.ts';

/** Of one key, such as `access`; further ones are not kept. */
const most = 256;

export class CommonValues {
  readonly #byKey = new Map<string, ValuesOfKey>();

  /** What is known of the key; null: it has another value each time. */
  of(key: string): ValuesOfKey | null {
    const values = this.#byKey.get(key) ?? new ValuesOfKey();
    this.#byKey.set(key, values);
    return values.areAllDifferent() ? null : values;
  }
}

/** By their lines. */
export class ValuesOfKey {
  readonly #byLines = new Map<string, Node>();
  #found = 0;

  find(lines: string): Node | null {
    const node = this.#byLines.get(lines) ?? null;
    if (node !== null) this.#found += 1;
    return node;
  }

  keep(lines: string, node: Node): void {
    if (this.#byLines.size < most) this.#byLines.set(lines, node);
  }

  areAllDifferent(): boolean {
    return this.#byLines.size === most && this.#found < most;
  }
}
