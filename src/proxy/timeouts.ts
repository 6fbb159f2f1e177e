/**
 * The waits of a forwarded request, and their limits. One entry on the timer wheel serves all of them; what is due is determined when it
 * fires.
 */
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';
import type { BodyPace } from './body-pace.ts';

export interface TimeoutsOwner {
  /** Nothing has made progress in time. */
  timedOut(): void;
  /** The access of an open stream must be checked. */
  accessDue(): void;
  /** The client sends its body too slowly. */
  bodyTooSlow(): void;
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
  #paceAt = Number.POSITIVE_INFINITY;
  #pace: BodyPace | null = null;
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

  watchPace(pace: BodyPace, firstAt: number): void {
    this.#pace = pace;
    this.#paceAt = firstAt;
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
    if (!this.#over && now >= this.#paceAt) this.#measure(now);
    if (!this.#over && now >= this.#idleAt) {
      this.#idleAt = Number.POSITIVE_INFINITY;
      this.#owner.timedOut();
    }
    this.#schedule();
  }

  #measure(now: number): void {
    const nextMs = this.#pace!.measure(now);
    this.#paceAt = now + (nextMs ?? Number.POSITIVE_INFINITY);
    if (nextMs === null) this.#owner.bodyTooSlow();
  }

  #nextAt(): number {
    return Math.min(this.#idleAt, this.#accessAt, this.#paceAt);
  }

  #schedule(): void {
    if (this.#over) return;
    const at = this.#nextAt();
    if (at === Number.POSITIVE_INFINITY) this.#deadlines.cancel(this);
    else this.#deadlines.schedule(this, at);
  }
}
