/**
 * Entries of one sort, accepted or rejected, bounded in number and bytes. The two kinds of credential lie in maps apart:
 * the text of one can never be found as the other.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { MemoryEntry } from './memory-entry.ts';
import { Sieve } from './sieve.ts';

export class MemorySpace {
  readonly #bearers = new Map<string, MemoryEntry>();
  readonly #keyPairs = new Map<string, MemoryEntry>();
  readonly #sieve: Sieve<MemoryEntry>;

  /** `onEvict` is called for an entry that had to give way, after it has left. */
  constructor(maxEntries: number, maxBytes: number, onEvict: (entry: MemoryEntry) => void) {
    this.#sieve = new Sieve(maxEntries, maxBytes, (entry) => {
      this.#of(entry.kind).delete(entry.text);
      onEvict(entry);
    });
  }

  get size(): number {
    return this.#sieve.size;
  }

  get bytes(): number {
    return this.#sieve.bytes;
  }

  get(kind: Credential['kind'], text: string): MemoryEntry | undefined {
    return (kind === 'bearer' ? this.#bearers : this.#keyPairs).get(text);
  }

  /** Takes an entry of a credential that has none here; false when it is larger than the whole space. */
  set(entry: MemoryEntry): boolean {
    if (!this.#sieve.add(entry)) return false;
    this.#of(entry.kind).set(entry.text, entry);
    return true;
  }

  /** Lets an entry go that is held. */
  delete(entry: MemoryEntry): void {
    this.#sieve.remove(entry);
    this.#of(entry.kind).delete(entry.text);
  }

  #of(kind: Credential['kind']): Map<string, MemoryEntry> {
    return kind === 'bearer' ? this.#bearers : this.#keyPairs;
  }
}
