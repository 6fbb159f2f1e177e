/**
 * Whether a client keeps the minimum rate at which it sends a body, or reads a response. Measured only while the gateway waits for the
 * client: time in which the service is the slower one, or the request waits for its turn, does not count. A client that falls behind gets
 * the whole grace only while no other request waits for the connection that it holds.
 */

/** Longest grace while others wait: no longer than they wait by default. */
const contendedGraceMs = 5_000;
/** Time between two measurements of a client that has fallen behind. */
const lookMs = 1_000;

export class ClientPace {
  readonly #bytesPerSecond: number;
  readonly #graceMs: number;
  /** Bytes at the start of the window. */
  #bytesBefore: number;
  #waitedMs = 0;
  /** Time of `performance.now()`; 0: not waiting for the client. */
  #waitingSince = 0;

  /** `bytesPerSecond` 0: any rate. `bytes`: of the body so far. */
  constructor(bytesPerSecond: number, graceMs: number, bytes: number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#graceMs = graceMs;
    this.#bytesBefore = bytes;
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

  /**
   * Each measurement that finds the client fast enough begins another window. `bytes`: of the body so far. Milliseconds until the next
   * measurement is due; null: the client is too slow.
   */
  measure(now: number, bytes: number, othersWait: boolean): number | null {
    if (this.#bytesPerSecond === 0) return Number.POSITIVE_INFINITY;
    const waited = this.#waitedMs + (this.#waitingSince === 0 ? 0 : now - this.#waitingSince);
    const windowMs = Math.min(this.#graceMs, contendedGraceMs);
    if ((bytes - this.#bytesBefore) * 1000 < this.#bytesPerSecond * waited) {
      if (waited < windowMs) return windowMs - waited;
      if (othersWait || waited >= this.#graceMs) return null;
      return Math.min(lookMs, this.#graceMs - waited);
    }
    this.#bytesBefore = bytes;
    this.#waitedMs = 0;
    if (this.#waitingSince !== 0) this.#waitingSince = now;
    return windowMs;
  }
}
