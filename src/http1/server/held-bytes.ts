/** Bytes that wait in a connection, charged to the memory budget of all connections. */

export interface ByteBudget {
  /** False: there is no room, and nothing was taken. */
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

  /** `bytes` wait in place of those that waited before; they are charged by `charge`. */
  set(bytes: Buffer): void {
    this.bytes = bytes;
    if (bytes.length >= this.#charged) return;
    this.#budget.give(this.#charged - bytes.length);
    this.#charged = bytes.length;
  }

  add(bytes: Buffer): void {
    this.set(this.with(bytes));
  }

  /** What waits, with what came now. */
  with(bytes: Buffer): Buffer {
    return this.bytes.length === 0 ? bytes : Buffer.concat([this.bytes, bytes]);
  }

  /** Returns what waits, which then waits no more. */
  take(): Buffer {
    const { bytes } = this;
    this.set(none);
    return bytes;
  }

  drop(): void {
    this.set(none);
  }

  /** False: there is no room for what waits, and it was dropped. */
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
