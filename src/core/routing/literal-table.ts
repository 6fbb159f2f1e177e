/**
 * The literals of one place in the tree: one that is compared, or many in an open hash table over the characters of the
 * path as it stands, so that a look-up cuts no segment out of it. They come from the configuration alone, so no client can
 * make it crowded.
 */
import { codeAt } from '../code-at.ts';

export class LiteralTable<N> {
  /** Hash and number of a literal, counted from 1, in turn; number 0: a free place. At least half of them are free. */
  readonly #places: Int32Array;
  readonly #mask: number;
  /** By number: text and what it leads to in turn, so that both lie together. */
  readonly #held: readonly (string | N)[];

  /** `literals`: texts and what they lead to, in turn. */
  constructor(literals: readonly (string | N)[]) {
    const size = 2 ** Math.ceil(Math.log2(literals.length));
    this.#places = new Int32Array(2 * size);
    this.#mask = size - 1;
    this.#held = literals;
    for (let number = 1; 2 * number <= literals.length; number += 1) {
      const text = literals[2 * number - 2] as string;
      const hash = hashOf(text, 0, text.length);
      let place = hash & this.#mask;
      while (this.#places[2 * place + 1] !== 0) place = (place + 1) & this.#mask;
      this.#places[2 * place] = hash;
      this.#places[2 * place + 1] = number;
    }
  }

  /** What the part of the path from `start` to `end` leads to. */
  find(path: string, start: number, end: number): N | undefined {
    const held = this.#held;
    if (held.length === 2) return stands(held[0] as string, path, start, end) ? (held[1] as N) : undefined;
    const hash = hashOf(path, start, end);
    const places = this.#places;
    const mask = this.#mask;
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const number = places[2 * place + 1]!;
      if (number === 0) return undefined;
      if (places[2 * place] === hash && stands(held[2 * number - 2] as string, path, start, end)) {
        return held[2 * number - 1] as N;
      }
    }
  }
}

/** Whether the part of the path from `start` to `end` is this text. */
export function stands(text: string, path: string, start: number, end: number): boolean {
  return text.length === end - start && path.startsWith(text, start);
}

/** FNV-1a, and its upper bits over the lower ones, which alone choose a place. */
export function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ codeAt(text, at), 0x01000193);
  return hash ^ (hash >>> 15);
}
