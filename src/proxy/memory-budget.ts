/** Bounds the memory of waiting bytes: body buffers, and bytes that clients send early. One client gets at most a quarter. */

const clientShare = 1 / 4;

export class MemoryBudget {
  readonly maxBytes: number;
  usedBytes = 0;
  /** Bytes in use by client. */
  readonly #used = new Map<string, number>();

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** Clients that use some of it. */
  get clients(): number {
    return this.#used.size;
  }

  /** `clientKey` null: unknown client, such as behind a proxy that reports none. Returns why nothing was reserved, or null. */
  take(bytes: number, clientKey: string | null): 'overloaded' | 'client_busy' | null {
    if (this.usedBytes + bytes > this.maxBytes) return 'overloaded';
    if (clientKey !== null) {
      const used = (this.#used.get(clientKey) ?? 0) + bytes;
      if (used > this.maxBytes * clientShare) return 'client_busy';
      this.#used.set(clientKey, used);
    }
    this.usedBytes += bytes;
    return null;
  }

  give(bytes: number, clientKey: string | null): void {
    if (bytes === 0) return;
    this.usedBytes -= bytes;
    if (clientKey === null) return;
    const used = this.#used.get(clientKey)! - bytes;
    if (used === 0) this.#used.delete(clientKey);
    else this.#used.set(clientKey, used);
  }
}
