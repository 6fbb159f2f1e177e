/** What a forwarded request waits for, and for how long. One entry on the timer wheel serves all of it. */
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';

export interface TimeoutsOwner {
  /** Nothing has made progress in time. */
  timedOut(): void;
  /** The access of an open stream must be checked. */
  accessDue(): void;
}

export class Timeouts implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #deadlines: Deadlines;
  readonly #owner: TimeoutsOwner;
  #idleMs = 0;
  /** Times of `performance.now()`. */
  #idleAt = Number.POSITIVE_INFINITY;
  #accessAt = Number.POSITIVE_INFINITY;
  #over = false;

  constructor(deadlines: Deadlines, owner: TimeoutsOwner) {
    this.#deadlines = deadlines;
    this.#owner = owner;
  }

  /** From now on, at most `ms` may pass without progress. */
  allow(ms: number, now: number = performance.now()): void {
    this.#idleMs = ms;
    this.#idleAt = now + ms;
    this.#schedule();
  }

  progress(now: number = performance.now()): void {
    this.#idleAt = now + this.#idleMs;
    // A later time needs no new place on the wheel.
    this.deadlineAt = this.#nextAt();
  }

  watchAccess(at: number): void {
    this.#accessAt = at;
    this.#schedule();
  }

  cancel(): void {
    this.#over = true;
    this.#deadlines.cancel(this);
  }

  onDeadline(): void {
    const now = performance.now();
    if (now >= this.#accessAt) {
      this.#accessAt = Number.POSITIVE_INFINITY;
      this.#owner.accessDue();
    }
    if (!this.#over && now >= this.#idleAt) {
      this.#idleAt = Number.POSITIVE_INFINITY;
      this.#owner.timedOut();
    }
    this.#schedule();
  }

  #nextAt(): number {
    return Math.min(this.#idleAt, this.#accessAt);
  }

  #schedule(): void {
    if (this.#over) return;
    const at = this.#nextAt();
    if (at === Number.POSITIVE_INFINITY) this.#deadlines.cancel(this);
    else this.#deadlines.schedule(this, at);
  }
}
