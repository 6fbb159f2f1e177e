/** Brings entries up when their time has come: one timer for all of them, and a set of entries for each tenth of a second. */

import type { Verdict } from '../verdict.ts';

export interface DueEntry {
  /** Number of the tenth of a second in which it comes up, since the epoch; null: in none. */
  dueStep: number | null;
}

/** Length of a step. */
export const stepMs = 100;

export class DueTimes<E extends DueEntry> {
  readonly #steps = new Map<number, Set<E>>();
  /** The last step that is over. */
  #over = 0;

  /** Schedules an entry, or reschedules it. What is due already comes up with the next step. */
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

  /** Nothing is due any more, on whatever clock. */
  clear(): void {
    this.#steps.clear();
    this.#over = 0;
  }

  /** Gives all that is due to `visit`, which may schedule it again. A clock that was set back waits until it is where it was. */
  advance(nowMs: number, visit: (entry: E) => void): void {
    const now = Math.floor(nowMs / stepMs);
    if (now <= this.#over) return;
    const due: E[] = [];
    for (const step of this.#between(this.#over, now)) due.push(...(this.#steps.get(step) ?? []));
    this.#over = now;
    for (const entry of due) this.remove(entry);
    for (const entry of due) visit(entry);
  }

  /** Steps that are over: counted up, unless there are fewer sets than steps. */
  *#between(from: number, to: number): Generator<number> {
    if (to - from > this.#steps.size) yield* [...this.#steps.keys()].filter((step) => step <= to);
    else for (let step = from + 1; step <= to; step += 1) yield step;
  }
}

/** Parts of the life after which a verdict comes up first: a span, so that those that begin together spread out. */
const earliest = 0.75;
const latest = 0.85;

/** Shorter waits are not worth a call: so near to its end a verdict is left to it. */
const leastMs = 100;

/** `random`: from 0 to 1. */
export function refreshFromMs({ askedAtMs, endMs }: Verdict, random: number): number {
  return askedAtMs + (endMs - askedAtMs) * (earliest + (latest - earliest) * random);
}

/** When to look again at one that was not in use, or whose refresh may fail: after half of what is left; null: not again. */
export function nextLookMs({ askedAtMs, endMs }: Verdict, nowMs: number): number | null {
  const leftMs = endMs - nowMs;
  return leftMs / 2 < Math.max(leastMs, (endMs - askedAtMs) / 50) ? null : nowMs + leftMs / 2;
}
