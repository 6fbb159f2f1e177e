/** Entries of one sort, accepted or rejected, bounded in number and bytes. */
import type { Credential } from '../core/credential/credential.ts';
import { CredentialIndex } from './credential-index.ts';
import type { MemoryEntry } from './memory-entry.ts';
import { Sieve } from './sieve.ts';

export class MemorySpace {
  readonly #index = new CredentialIndex<MemoryEntry>();
  readonly #sieve: Sieve<MemoryEntry>;

  /** `onEvict` is called for an entry that had to give way, after it has left. */
  constructor(maxEntries: number, maxBytes: number, onEvict: (entry: MemoryEntry) => void) {
    this.#sieve = new Sieve(maxEntries, maxBytes, (entry) => {
      this.#index.delete(entry);
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
    return this.#index.get(kind, text);
  }

  /** Takes an entry of a credential that has none here; false when it is larger than the whole space. */
  set(entry: MemoryEntry): boolean {
    if (!this.#sieve.add(entry)) return false;
    this.#index.add(entry);
    return true;
  }

  /** Lets an entry go that is held. */
  delete(entry: MemoryEntry): void {
    this.#sieve.remove(entry);
    this.#index.delete(entry);
  }
}
