/**
 * The places that clients use at an upstream. A client's share shrinks in proportion to what others use, so that a few clients that keep
 * their places for long always leave some for the next client.
 */
export class ShrinkingShares {
  /** Places in use. */
  total = 0;
  readonly #perClient: number;
  readonly #capacity: () => number;
  readonly #inUse = new Map<string, number>();

  /** `perClient`: the share of a client while no other uses a place. `capacity`: all places. */
  constructor(perClient: number, capacity: () => number) {
    this.#perClient = perClient;
    this.#capacity = capacity;
  }

  /** Every place is in use; a client without one may still enter. */
  get full(): boolean {
    return this.total >= this.#capacity();
  }

  /** False: the client uses its share. */
  enter(clientKey: string): boolean {
    const inUse = this.#inUse.get(clientKey) ?? 0;
    if (inUse > 0 && !this.#isWithinShare(inUse)) return false;
    this.#inUse.set(clientKey, inUse + 1);
    this.total += 1;
    return true;
  }

  leave(clientKey: string): void {
    const left = this.#inUse.get(clientKey)! - 1;
    if (left === 0) this.#inUse.delete(clientKey);
    else this.#inUse.set(clientKey, left);
    this.total -= 1;
  }

  #isWithinShare(inUse: number): boolean {
    if (inUse >= this.#perClient) return false;
    const others = this.total - inUse;
    if (others === 0) return true;
    const capacity = this.#capacity();
    return inUse * capacity < this.#perClient * (capacity - others);
  }
}
