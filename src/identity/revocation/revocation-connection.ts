/**
 * Whether a revocation would reach this process now. Messages on the subscription itself prove it. Without proof, verdicts live no longer
 * than `whileDisconnectedMs`, so that a missed revocation takes effect by then.
 */

import { allowedSkewMs } from './tombstones.ts';

/** Maximum look-ups that wait for the connection. */
const maxWaiting = 1_024;

export interface RevocationConnectionOptions {
  /** `cache.whileDisconnected`. */
  readonly whileDisconnectedMs: number;
  /** False: there is no other source of revocations. */
  readonly shared: boolean;
}

export class RevocationConnection {
  readonly whileDisconnectedMs: number;
  readonly #shared: boolean;
  readonly #waiting = new Set<() => void>();
  /** Until when verdicts may live as configured, in milliseconds since the epoch; infinite if nothing is shared. Set only here. */
  connectedUntilMs: number;

  constructor({ whileDisconnectedMs, shared }: RevocationConnectionOptions) {
    this.whileDisconnectedMs = whileDisconnectedMs;
    this.#shared = shared;
    this.connectedUntilMs = shared ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  isConnected(nowMs: number): boolean {
    return nowMs < this.connectedUntilMs;
  }

  /** Everything revoked before then has arrived here; infinite if nothing is shared. */
  get provenMs(): number {
    return this.connectedUntilMs - this.whileDisconnectedMs;
  }

  /** Whether this process is connected, or reconnects within `whileDisconnectedMs`. */
  async connects(now: () => number): Promise<boolean> {
    if (this.isConnected(now())) return true;
    if (this.#waiting.size >= maxWaiting) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    const timer = setTimeout(resolve, this.whileDisconnectedMs);
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(resolve);
    return this.isConnected(now());
  }

  /**
   * Verdicts from calls before then are not used; minus infinity while this process is connected. `foreign`: verdicts from another
   * replica's call, whose clock may be ahead.
   */
  oldestMs(nowMs: number, foreign = false): number {
    if (nowMs < this.connectedUntilMs) return Number.NEGATIVE_INFINITY;
    return nowMs - this.whileDisconnectedMs + (foreign ? allowedSkewMs : 0);
  }

  /** Everything revoked before `atMs` has arrived: the time at which a returned message was sent. */
  proven(atMs: number): void {
    if (!this.#shared) return;
    this.connectedUntilMs = Math.max(this.connectedUntilMs, atMs + this.whileDisconnectedMs);
    for (const resolve of this.#waiting) resolve();
  }

  /** Something may have been missed, or the clock was set back: the proof is void. */
  lost(): void {
    if (this.#shared) this.connectedUntilMs = Number.NEGATIVE_INFINITY;
  }
}
