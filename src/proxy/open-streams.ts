/** The open streams. After a revocation all of them are checked, a slice at a time. */
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';

/** Streams checked at each tick, and the maximum of them decided again. */
const slice = 2_000;
const asked = 200;

export interface WatchedStream {
  /** Something was revoked. True: it may concern the stream, which is decided again. */
  revoked(): boolean;
}

export type RecheckOutcome = 'kept' | 'ended' | 'unknown';

export class OpenStreams implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly rechecks: Record<RecheckOutcome, number> = { kept: 0, ended: 0, unknown: 0 };
  readonly #deadlines: Deadlines;
  readonly #open = new Set<WatchedStream>();
  /** Streams that are still to be checked; null: none. */
  #rest: Iterator<WatchedStream> | null = null;
  /** Something was revoked during the check. */
  #again = false;

  constructor(deadlines: Deadlines) {
    this.#deadlines = deadlines;
  }

  get size(): number {
    return this.#open.size;
  }

  add(watch: WatchedStream): void {
    this.#open.add(watch);
  }

  delete(watch: WatchedStream): void {
    this.#open.delete(watch);
  }

  rechecked(outcome: RecheckOutcome): void {
    this.rechecks[outcome] += 1;
  }

  /** Something was revoked: every stream is checked, beginning with the next tick. */
  revoked(): void {
    if (this.#rest !== null) {
      this.#again = true;
      return;
    }
    if (this.#open.size === 0) return;
    this.#rest = this.#open.values();
    this.#deadlines.schedule(this, performance.now());
  }

  onDeadline(): void {
    if (!this.#lookAtSome()) {
      this.#deadlines.schedule(this, performance.now());
      return;
    }
    this.#rest = null;
    if (!this.#again) return;
    this.#again = false;
    this.revoked();
  }

  /** True: that was the last of them. */
  #lookAtSome(): boolean {
    let left = asked;
    for (let i = 0; i < slice && left > 0; i += 1) {
      const next = this.#rest!.next();
      if (next.done) return true;
      if (next.value.revoked()) left -= 1;
    }
    return false;
  }
}
