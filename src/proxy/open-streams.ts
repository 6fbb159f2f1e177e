/** The open streams. After a revocation all of them are checked, at once as far as this is not too many for a tick. */
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';

/** Streams checked from one tick to the next, and the maximum of them decided again. */
const maxChecks = 2_000;
const maxAsks = 200;

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
  /** What is left of them until the next tick. */
  #checks = maxChecks;
  #asks = maxAsks;
  /** Streams that are still to be checked; null: none. */
  #rest: Iterator<WatchedStream> | null = null;
  /** Something was revoked since the check began. */
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

  /** Something was revoked: every stream is checked. */
  revoked(): void {
    if (this.#rest !== null) {
      this.#again = true;
      return;
    }
    if (this.#open.size === 0) return;
    this.#rest = this.#open.values();
    this.#check();
  }

  onDeadline(): void {
    this.#checks = maxChecks;
    this.#asks = maxAsks;
    if (this.#rest !== null) this.#check();
  }

  #check(): void {
    while (this.#rest !== null && this.#checks > 0 && this.#asks > 0) {
      this.#checks -= 1;
      const next = this.#rest.next();
      if (next.done) {
        this.#rest = this.#again ? this.#open.values() : null;
        this.#again = false;
      } else if (next.value.revoked()) this.#asks -= 1;
    }
    this.#deadlines.schedule(this, performance.now());
  }
}
