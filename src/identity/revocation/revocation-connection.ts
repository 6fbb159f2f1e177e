/**
 * Whether a revocation would reach this process now. Proven by messages on the subscription itself; while it is not proven,
 * verdicts live no longer than `whileDisconnectedMs`, so that a revocation that was missed takes effect by then.
 */

import { allowedSkewMs } from './tombstones.ts';

/** Look-ups that wait for the connection at once. */
const mostWaiting = 1_024;

export interface RevocationConnectionOptions {
  /** `cache.whileDisconnected`. */
  readonly whileDisconnectedMs: number;
  /** False: there is no other source of revocations, so there is nothing to receive. */
  readonly shared: boolean;
}

export class RevocationConnection {
  readonly whileDisconnectedMs: number;
  readonly #shared: boolean;
  readonly #waiting = new Set<() => void>();
  /** Until when verdicts may live as configured, in milliseconds since the epoch; infinite when nothing is shared. Set here alone. */
  connectedUntilMs: number;

  constructor({ whileDisconnectedMs, shared }: RevocationConnectionOptions) {
    this.whileDisconnectedMs = whileDisconnectedMs;
    this.#shared = shared;
    this.connectedUntilMs = shared ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  isConnected(nowMs: number): boolean {
    return nowMs < this.connectedUntilMs;
  }

  /** What was revoked before then has arrived here; infinite when nothing is shared. */
  get provenMs(): number {
    return this.connectedUntilMs - this.whileDisconnectedMs;
  }

  /** Whether this process is connected, or is so again within `whileDisconnectedMs`. */
  async connects(now: () => number): Promise<boolean> {
    if (this.isConnected(now())) return true;
    if (this.#waiting.size >= mostWaiting) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, this.whileDisconnectedMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
    return this.isConnected(now());
  }

  /**
   * Verdicts that were asked for before then do not live: minus infinity while this process is connected. `foreign`: those that
   * another replica asked for, whose clock may be ahead.
   */
  oldestMs(nowMs: number, foreign = false): number {
    if (nowMs < this.connectedUntilMs) return Number.NEGATIVE_INFINITY;
    return nowMs - this.whileDisconnectedMs + (foreign ? allowedSkewMs : 0);
  }

  /** Everything that was revoked before `atMs` has arrived: the moment when a message that came back was sent. */
  proven(atMs: number): void {
    if (!this.#shared) return;
    this.connectedUntilMs = Math.max(this.connectedUntilMs, atMs + this.whileDisconnectedMs);
    for (const resolve of this.#waiting) resolve();
  }

  /** Something may have been missed, or the clock was set back: nothing is proven any more. */
  lost(): void {
    if (this.#shared) this.connectedUntilMs = Number.NEGATIVE_INFINITY;
  }
}
