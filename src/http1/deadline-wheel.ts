/**
 * One timer for every deadline of the process. A timer per request would cost two heap operations and a closure each;
 * here setting, moving and clearing a deadline are a few writes. Deadlines fire late by up to one tick, never early.
 */

/** A deadline on the wheel. The waiting object is itself the list node, so nothing is allocated. */
export interface Deadline {
  /** Time of `performance.now()`. It may be moved later at any time without notifying the wheel. */
  deadlineAt: number;
  /** Links of the wheel; null while not scheduled. */
  earlier: Deadline | null;
  later: Deadline | null;
  /** Called once, after the deadline has been taken off the wheel. Must not throw. */
  onDeadline(): void;
}

export interface Deadlines {
  /** Sets the deadline, or moves one that is set. `atMs` is a moment of `performance.now()`. */
  schedule(deadline: Deadline, atMs: number): void;
  /** Removes it; does nothing if it is not scheduled. */
  cancel(deadline: Deadline): void;
}

/** 20 wake-ups a second while anything waits. */
const defaultTickMs = 50;
const slotCount = 512;

/** Head of a ring; a list node itself, so that linking needs no special cases. */
class Ring implements Deadline {
  deadlineAt = 0;
  earlier: Deadline = this;
  later: Deadline = this;
  onDeadline(): void {}
}

export class DeadlineWheel implements Deadlines {
  readonly #slots: readonly Ring[] = Array.from({ length: slotCount }, () => new Ring());
  readonly #tickMs: number;
  #timer: NodeJS.Timeout | null = null;
  #tick = 0;
  #size = 0;

  constructor(tickMs: number = defaultTickMs) {
    this.#tickMs = tickMs;
  }

  /** Deadlines that wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether the timer runs: only while something waits, and one idle tick longer. */
  get running(): boolean {
    return this.#timer !== null;
  }

  schedule(deadline: Deadline, atMs: number): void {
    const linked = deadline.later !== null;
    // A later time needs no new place: at the old one it is found not due and moved on.
    if (linked && atMs >= deadline.deadlineAt) {
      deadline.deadlineAt = atMs;
      return;
    }
    if (linked) this.cancel(deadline);
    deadline.deadlineAt = atMs;
    if (this.#timer === null) this.#start();
    this.#size += 1;
    this.#link(deadline);
  }

  cancel(deadline: Deadline): void {
    if (deadline.later === null) return;
    unlink(deadline);
    this.#size -= 1;
  }

  #start(): void {
    this.#tick = Math.floor(performance.now() / this.#tickMs);
    this.#timer = setInterval(() => this.#turn(), this.#tickMs);
    this.#timer.unref();
  }

  #link(deadline: Deadline): void {
    const wanted = Math.ceil(deadline.deadlineAt / this.#tickMs);
    // Beyond one turn of the wheel: it waits at the far end and is moved on from there.
    const tick = Math.min(Math.max(wanted, this.#tick + 1), this.#tick + slotCount - 1);
    insert(this.#slots[tick % slotCount]!, deadline);
  }

  #turn(): void {
    if (this.#size === 0) {
      clearInterval(this.#timer!);
      this.#timer = null;
      return;
    }
    const now = performance.now();
    const until = Math.floor(now / this.#tickMs);
    for (let tick = Math.max(this.#tick + 1, until - slotCount + 1); tick <= until; tick += 1) {
      this.#tick = tick;
      const slot = this.#slots[tick % slotCount]!;
      // Removed from the front one by one, because a deadline that fires may cancel any other. None is linked into this slot meanwhile.
      for (let first = slot.later; first !== slot; first = slot.later) {
        unlink(first);
        if (first.deadlineAt > now) {
          this.#link(first);
        } else {
          this.#size -= 1;
          first.onDeadline();
        }
      }
    }
  }
}

function insert(ring: Ring, deadline: Deadline): void {
  const last = ring.earlier;
  deadline.earlier = last;
  deadline.later = ring;
  last.later = deadline;
  ring.earlier = deadline;
}

function unlink(deadline: Deadline): void {
  deadline.earlier!.later = deadline.later;
  deadline.later!.earlier = deadline.earlier;
  deadline.earlier = null;
  deadline.later = null;
}
