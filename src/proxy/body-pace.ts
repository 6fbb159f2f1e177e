/**
 * Whether a client keeps the minimum rate of its body. Measured only while the gateway waits for the client: time in which the service does
 * not read, or the request waits for its turn, does not count.
 */
export class BodyPace {
  readonly #bytesPerSecond: number;
  readonly #graceMs: number;
  #bytes = 0;
  #waitedMs = 0;
  /** Time of `performance.now()`; 0: not waiting for the client. */
  #waitingSince = 0;

  /** `bytesPerSecond` 0: any rate. `graceMs`: the length of a window. */
  constructor(bytesPerSecond: number, graceMs: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#graceMs = graceMs;
  }

  arrived(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Waits for the client from now on. */
  wait(now: number): void {
    if (this.#waitingSince === 0) this.#waitingSince = now;
  }

  /** No longer waits for the client. */
  hold(now: number): void {
    if (this.#waitingSince === 0) return;
    this.#waitedMs += now - this.#waitingSince;
    this.#waitingSince = 0;
  }

  /** Milliseconds until the next measurement is due; null: the client is too slow. */
  measure(now: number): number | null {
    if (this.#bytesPerSecond === 0) return Number.POSITIVE_INFINITY;
    const waited = this.#waitedMs + (this.#waitingSince === 0 ? 0 : now - this.#waitingSince);
    if (waited < this.#graceMs) return this.#graceMs - waited;
    if (this.#bytes * 1000 < this.#bytesPerSecond * waited) return null;
    this.#bytes = 0;
    this.#waitedMs = 0;
    if (this.#waitingSince !== 0) this.#waitingSince = now;
    return this.#graceMs;
  }
}
