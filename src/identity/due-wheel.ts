/**
 * Brings entries up when their time has come: one wheel for all of them, and no timer for each. A turn of the wheel is a
 * while; entries that are due later stay where they are until the hand comes by in their turn.
 */
export interface DueEntry<E> {
  /** When the entry is to be looked at, in milliseconds since the epoch; set by the wheel, 0 while it is not in it. */
  dueMs: number;
  duePrevious: E | null;
  dueNext: E | null;
}

/** Length of a step of the hand. */
export const stepMs = 100;
const slots = 512;

export class DueWheel<E extends DueEntry<E>> {
  readonly #slots: (E | null)[] = Array.from({ length: slots }, () => null);
  /** Steps since the epoch that the hand has made; null before the first. */
  #step: number | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Takes an entry that is not in the wheel. What is due already comes up with the next step. */
  add(entry: E, dueMs: number): void {
    entry.dueMs = this.#step === null ? dueMs : Math.max(dueMs, (this.#step + 1) * stepMs);
    const slot = slotOf(entry.dueMs);
    const first = this.#slots[slot] ?? null;
    entry.dueNext = first;
    if (first !== null) first.duePrevious = entry;
    this.#slots[slot] = entry;
    this.#size += 1;
  }

  /** Lets go of an entry, if it is in the wheel. */
  remove(entry: E): void {
    if (entry.dueMs === 0) return;
    const { duePrevious, dueNext } = entry;
    if (duePrevious === null) this.#slots[slotOf(entry.dueMs)] = dueNext;
    else duePrevious.dueNext = dueNext;
    if (dueNext !== null) dueNext.duePrevious = duePrevious;
    entry.duePrevious = null;
    entry.dueNext = null;
    entry.dueMs = 0;
    this.#size -= 1;
  }

  /**
   * Moves the hand over every step that is over; all that was due by then leaves the wheel and is given to `visit`, which
   * may add it again. Late by a step at most, and never early.
   */
  advance(nowMs: number, visit: (entry: E) => void): void {
    const step = Math.floor(nowMs / stepMs) - 1;
    // A clock that was set back waits until it is where it was.
    const from = Math.max(this.#step ?? step - slots, step - slots);
    if (from >= step) return;
    this.#step = step;
    const due: E[] = [];
    for (let at = from + 1; at <= step; at += 1) {
      for (let entry = this.#slots[at % slots] ?? null; entry !== null; entry = entry.dueNext) {
        if (entry.dueMs < (step + 1) * stepMs) due.push(entry);
      }
    }
    for (const entry of due) this.remove(entry);
    for (const entry of due) visit(entry);
  }
}

function slotOf(dueMs: number): number {
  return Math.floor(dueMs / stepMs) % slots;
}
