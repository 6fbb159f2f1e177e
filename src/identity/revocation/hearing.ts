/**
 * Whether this process would hear of a revocation now. Proven by answers on the subscription itself; while it is not
 * proven, verdicts live no longer than `unhearingMs`, so that a revocation that nobody told takes effect by then.
 */

import { allowedSkewMs } from './tombstones.ts';

export interface HearingOptions {
  /** `cache.unhearing`. */
  readonly unhearingMs: number;
  /** False: nobody else revokes, so there is nothing to hear. */
  readonly shared: boolean;
}

export class Hearing {
  readonly unhearingMs: number;
  readonly #shared: boolean;
  #untilMs: number;

  constructor({ unhearingMs, shared }: HearingOptions) {
    this.unhearingMs = unhearingMs;
    this.#shared = shared;
    this.#untilMs = shared ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  /** Until when verdicts may live as configured, in milliseconds since the epoch; infinite when nothing is shared. */
  get hearingUntilMs(): number {
    return this.#untilMs;
  }

  hears(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /**
   * Verdicts that were asked for before then do not live: minus infinity while this process hears. `foreign`: those that
   * another replica asked for, whose clock may be ahead. For every look at a kept verdict, so it costs one comparison.
   */
  oldestMs(nowMs: number, foreign = false): number {
    if (nowMs < this.#untilMs) return Number.NEGATIVE_INFINITY;
    return nowMs - this.unhearingMs + (foreign ? allowedSkewMs : 0);
  }

  /** Everything that was revoked before `atMs` has been heard: the moment when an answered ping was sent. */
  heard(atMs: number): void {
    if (this.#shared) this.#untilMs = Math.max(this.#untilMs, atMs + this.unhearingMs);
  }

  /** Something may have been missed, or the clock was set back: nothing is proven anymore. */
  lost(): void {
    if (this.#shared) this.#untilMs = Number.NEGATIVE_INFINITY;
  }
}
