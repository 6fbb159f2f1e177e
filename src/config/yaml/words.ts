/**
 * Short texts of a file, each once: keys, methods and names of roles stand in a long policy ten thousand times. One that
 * was there before is found by its characters in the file, without being cut out of it again.
 */
import { hashOf, stands } from '../../core/routing/literal-table.ts';

/** Longer ones are hardly ever repeated. */
const longest = 24;
/** Further ones, such as ids of routes, are cut out each time. */
const most = 1000;

export class Words {
  readonly #byHash = new Map<number, string>();

  /** The part of the text from `start` to `end`. */
  cut(text: string, start: number, end: number): string {
    if (end - start > longest) return text.slice(start, end);
    const hash = hashOf(text, start, end);
    const known = this.#byHash.get(hash);
    if (known !== undefined && stands(known, text, start, end)) return known;
    const word = text.slice(start, end);
    if (known === undefined && this.#byHash.size < most) this.#byHash.set(hash, word);
    return word;
  }
}
