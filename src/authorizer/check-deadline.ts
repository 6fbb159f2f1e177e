/** When a check is refused because the calling proxy is about to give up: the earlier of its deadline and ours. */
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';

/** Share of the proxy's time that is reserved for the response to arrive. */
const margin = { share: 0.1, minMs: 20 } as const;

/** `waitsMs`: how long the proxy waits; `timeoutMs`: our own limit. Returns milliseconds from the start of the check. */
export function allowedMs(waitsMs: number, timeoutMs: number): number {
  if (waitsMs === Number.POSITIVE_INFINITY) return timeoutMs;
  const left = Math.max(margin.share * waitsMs, margin.minMs);
  return Math.min(timeoutMs, Math.max(waitsMs - left, waitsMs / 2));
}

export class CheckDeadline implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly onDeadline: () => void;
  readonly #deadlines: Deadlines;

  constructor(deadlines: Deadlines, atMs: number, onDeadline: () => void) {
    this.#deadlines = deadlines;
    this.onDeadline = onDeadline;
    deadlines.schedule(this, atMs);
  }

  cancel(): void {
    this.#deadlines.cancel(this);
  }
}
