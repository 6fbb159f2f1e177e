/** Bytes that wait in a connection, charged to the memory budget of all connections. */

export interface ByteBudget {
  /** False: there is no room, and nothing was reserved. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

const none = Buffer.alloc(0);

export class HeldBytes {
  bytes: Buffer = none;
  readonly #budget: ByteBudget;
  #charged = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  get length(): number {
    return this.bytes.length;
  }

  /** The bytes from `from` on replace the earlier ones; `charge` charges them. Without any, nothing of the last read is kept in memory. */
  set(bytes: Buffer, from = 0): void {
    this.bytes = from < bytes.length ? bytes.subarray(from) : none;
    if (this.bytes.length >= this.#charged) return;
    this.#budget.give(this.#charged - this.bytes.length);
    this.#charged = this.bytes.length;
  }

  add(bytes: Buffer): void {
    this.set(this.with(bytes));
  }

  /** The held bytes, followed by the new ones. */
  with(bytes: Buffer): Buffer {
    return this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
  }

  /** Returns and removes the held bytes. */
  take(): Buffer {
    const { bytes } = this;
    this.set(none);
    return bytes;
  }

  drop(): void {
    this.set(none);
  }

  /** False: there was no room for the held bytes, and they were dropped. */
  charge(): boolean {
    const more = this.bytes.length - this.#charged;
    if (more > 0 && !this.#budget.take(more)) {
      this.drop();
      return false;
    }
    this.#charged = this.bytes.length;
    return true;
  }
}
