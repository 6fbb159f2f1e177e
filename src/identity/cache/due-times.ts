/** Visits entries when they are due: one timer for all of them, and a set of entries for each tenth of a second. */

import type { Verdict } from '../verdict.ts';

export interface DueEntry {
  /** The step (tenth of a second since the epoch) in which it is due, or null. */
  dueStep: number | null;
}

/** Length of a step. */
export const stepMs = 100;

export class DueTimes<E extends DueEntry> {
  readonly #steps = new Map<number, Set<E>>();
  /** The last finished step. */
  #over = 0;

  /** Schedules an entry, or reschedules it. An overdue entry is due in the next step. */
  add(entry: E, dueMs: number): void {
    this.remove(entry);
    // Never early.
    const step = Math.max(Math.ceil(dueMs / stepMs), this.#over + 1);
    entry.dueStep = step;
    const due = this.#steps.get(step);
    if (due === undefined) this.#steps.set(step, new Set([entry]));
    else due.add(entry);
  }

  remove(entry: E): void {
    if (entry.dueStep === null) return;
    const due = this.#steps.get(entry.dueStep);
    due?.delete(entry);
    if (due?.size === 0) this.#steps.delete(entry.dueStep);
    entry.dueStep = null;
  }

  /** Nothing is due any more, on any clock. */
  clear(): void {
    this.#steps.clear();
    this.#over = 0;
  }

  /** Calls `visit` for every due entry, which it may schedule again. After the clock was set back, nothing is due until it catches up. */
  advance(nowMs: number, visit: (entry: E) => void): void {
    const now = Math.floor(nowMs / stepMs);
    if (now <= this.#over) return;
    const due: E[] = [];
    for (const step of this.#between(this.#over, now)) due.push(...(this.#steps.get(step) ?? []));
    this.#over = now;
    for (const entry of due) this.remove(entry);
    for (const entry of due) visit(entry);
  }

  /** Finished steps: counted up, unless there are fewer sets than steps. */
  *#between(from: number, to: number): Generator<number> {
    if (to - from > this.#steps.size) yield* [...this.#steps.keys()].filter((step) => step <= to);
    else for (let step = from + 1; step <= to; step += 1) yield step;
  }
}

/** Shares of the life after which a verdict is first due: a range, so that verdicts that begin together spread out. */
const earliest = 0.75;
const latest = 0.85;

/** Shorter waits are not worth a call: a verdict this close to its end expires. */
const minMs = 100;

/** `random`: from 0 to 1. */
export function refreshFromMs({ askedAtMs, endMs }: Verdict, random: number): number {
  return askedAtMs + (endMs - askedAtMs) * (earliest + (latest - earliest) * random);
}

/** When to visit again a verdict that was not in use, or whose refresh may fail: after half of the remaining time; null: not again. */
export function nextLookMs({ askedAtMs, endMs }: Verdict, nowMs: number): number | null {
  const leftMs = endMs - nowMs;
  return leftMs / 2 < Math.max(minMs, (endMs - askedAtMs) / 50) ? null : nowMs + leftMs / 2;
}
