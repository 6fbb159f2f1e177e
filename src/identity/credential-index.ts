/**
 * Finds entries by their credential. Among many, a look-up is the time that it waits for memory, and a `Map` has it wait
 * for five places one after the other: its table, and for each entry of a chain the entry and the head of its text. Here
 * it waits twice: for the place that the hash names, and then for all that the place leads to.
 */
import { randomBytes } from 'node:crypto';
import type { Credential } from '../core/credential/credential.ts';
import type { Identity } from '../core/identity/identity.ts';

export interface IndexedEntry {
  readonly kind: Credential['kind'];
  /** As `textOf` writes it. */
  readonly text: string;
  readonly identity: Identity | null;
}

/** Of one hash; with more of them the index has to look closer. */
const mostAlike = 16;
/** Characters at the end of a text that always count. */
const atEnd = 8;
/** Nobody outside can tell which credentials share a place. */
const seed = randomBytes(4).readInt32LE();
const fewestPlaces = 16;

export class CredentialIndex<E extends IndexedEntry> {
  /** An entry is at the place that its hash names, or at the first free one behind. Zero: the place is free. */
  #hashes = new Int32Array(fewestPlaces);
  #texts: (string | null)[] = free(fewestPlaces);
  #entries: (E | null)[] = free(fewestPlaces);
  #identities: (Identity | null)[] = free(fewestPlaces);
  #size = 0;
  /** As `hashOf` has it. */
  #fineness = 3;

  get(kind: Credential['kind'], text: string): E | undefined {
    const hash = hashOf(text, this.#fineness);
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    for (let at = hash & mask; hashes[at] !== 0; at = (at + 1) & mask) {
      if (hashes[at] !== hash) continue;
      const entry = this.#entries[at]!;
      // Read here, so that memory brings it while it brings the text: whoever finds an entry asks for its identity next.
      void this.#identities[at]?.kind;
      if (entry.kind === kind && this.#texts[at] === text) return entry;
    }
    return undefined;
  }

  /** Takes an entry of a credential that has none yet. */
  add(entry: E): void {
    const { text } = entry;
    this.#size += 1;
    // Half is free: mostly an entry is right at the place that its hash names.
    if (this.#size * 2 > this.#hashes.length) this.#moveTo(2 * this.#hashes.length);
    let hash = hashOf(text, this.#fineness);
    while (!readsWhole(text, this.#fineness) && this.#alike(hash) >= mostAlike) {
      this.#lookCloser();
      hash = hashOf(text, this.#fineness);
    }
    this.#put(hash, entry);
  }

  /** Lets an entry go that is there. What lies behind moves up where it would not be found any more. */
  delete(entry: E): void {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    let gap = hashOf(entry.text, this.#fineness) & mask;
    while (this.#entries[gap] !== entry) gap = (gap + 1) & mask;
    for (let at = (gap + 1) & mask; hashes[at] !== 0; at = (at + 1) & mask) {
      const way = (at - hashes[at]!) & mask;
      if (way < ((at - gap) & mask)) continue;
      this.#set(gap, hashes[at]!, this.#entries[at]!);
      gap = at;
    }
    this.#set(gap, 0, null);
    this.#size -= 1;
  }

  #put(hash: number, entry: E): void {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    let at = hash & mask;
    while (hashes[at] !== 0) at = (at + 1) & mask;
    this.#set(at, hash, entry);
  }

  #set(at: number, hash: number, entry: E | null): void {
    this.#hashes[at] = hash;
    this.#entries[at] = entry;
    this.#texts[at] = entry === null ? null : entry.text;
    this.#identities[at] = entry === null ? null : entry.identity;
  }

  /** Entries with this hash. */
  #alike(hash: number): number {
    const hashes = this.#hashes;
    const mask = hashes.length - 1;
    let alike = 0;
    for (let at = hash & mask; hashes[at] !== 0; at = (at + 1) & mask) if (hashes[at] === hash) alike += 1;
    return alike;
  }

  /** Credentials of some forms, as `session-00000001-of-the-service`, differ where few characters are read. */
  #lookCloser(): void {
    this.#fineness += 2;
    for (const [at, entry] of this.#entries.entries()) {
      if (entry !== null) this.#hashes[at] = hashOf(entry.text, this.#fineness);
    }
    this.#moveTo(this.#hashes.length);
  }

  #moveTo(places: number): void {
    const [hashes, entries] = [this.#hashes, this.#entries];
    this.#hashes = new Int32Array(places);
    this.#texts = free(places);
    this.#entries = free(places);
    this.#identities = free(places);
    for (const [at, entry] of entries.entries()) if (entry !== null) this.#put(hashes[at]!, entry);
  }
}

function free(places: number): null[] {
  return Array.from({ length: places }, () => null);
}

/**
 * Of the length, of the end, and of about two to the power of `fineness` characters of the rest, so that a long token takes
 * no longer than a short one: those that an Auth API gives out mostly differ there. Never 0.
 */
function hashOf(text: string, fineness: number): number {
  const { length } = text;
  const end = Math.max(0, length - atEnd);
  const step = (end >> fineness) + 1;
  let hash = seed ^ length;
  for (let at = 0; at < end; at += step) hash = mixed(hash, text.charCodeAt(at));
  for (let at = end; at < length; at += 1) hash = mixed(hash, text.charCodeAt(at));
  hash ^= hash >>> 15;
  return hash === 0 ? 1 : hash;
}

/** Whether its hash is of every character. */
function readsWhole({ length }: string, fineness: number): boolean {
  return (length - atEnd) >> fineness <= 0;
}

/** FNV-1a. */
function mixed(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193);
}
