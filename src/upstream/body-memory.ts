/**
 * Bounds what the first parts of all request bodies take together, with what of answers waits behind others on its
 * connection, and what those of one client do.
 */

/** One client gets this part of the whole. */
const clientShare = 1 / 4;

export class BodyMemory {
  readonly maxBytes: number;
  heldBytes = 0;
  /** Bytes of each client that has any. */
  readonly #held = new Map<string, number>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Clients that hold some of it. */
  get clients(): number {
    return this.#held.size;
  }

  /** `party` null: nobody in particular, such as a proxy that names no client. Anything but null: nothing was taken. */
  take(bytes: number, party: string | null): 'overloaded' | 'client_busy' | null {
    if (this.heldBytes + bytes > this.maxBytes) return 'overloaded';
    if (party !== null) {
      const held = (this.#held.get(party) ?? 0) + bytes;
      if (held > this.maxBytes * clientShare) return 'client_busy';
      this.#held.set(party, held);
    }
    this.heldBytes += bytes;
    return null;
  }

  give(bytes: number, party: string | null): void {
    this.heldBytes -= bytes;
    if (party === null || bytes === 0) return;
    const held = this.#held.get(party)! - bytes;
    if (held === 0) this.#held.delete(party);
    else this.#held.set(party, held);
  }
}
