/** The names that wait for the turns of a subject. The one that has waited longest is next; one that does not return in time is forgotten. */

/** `Retry-After` is one second. For this long, a name that has given up keeps the turn from the next one. */
const patienceMs = 2_000;
const sweepMs = 1_000;
/** Places that every subject has, even if the names of others use up all that are shared. */
const ownPlaces = 16;
/** Places of one subject: its names cannot use up those of all others. */
const maxOfSubject = 1_000;

export class WaitingNames {
  readonly #most: number;
  /** By subject: when each name last asked, the longest waiting first. */
  readonly #lines = new Map<string, Map<string, number>>();
  #size = 0;
  #sweptMs = Number.NEGATIVE_INFINITY;

  /** `most`: subjects, and names of all of them beyond their own places. Further names wait without a place. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether it is next; it keeps its place until then. `mustReturn`: not when it asks for the first time. */
  isNext(subject: string, name: string, nowMs: number, mustReturn = false): boolean {
    this.#sweep(nowMs);
    const line = this.#lines.get(subject) ?? new Map<string, number>();
    for (const [first, askedMs] of line) {
      if (nowMs - askedMs < patienceMs) break;
      this.#remove(subject, line, first);
    }
    const returns = line.has(name);
    if (returns || this.#hasRoom(line)) {
      if (!returns) this.#size += 1;
      line.set(name, nowMs);
      this.#lines.set(subject, line);
    }
    const [next = name] = line.keys();
    return next === name && (returns || !mustReturn);
  }

  leave(subject: string, name: string): void {
    const line = this.#lines.get(subject);
    if (line !== undefined) this.#remove(subject, line, name);
  }

  #hasRoom(line: ReadonlyMap<string, number>): boolean {
    if (line.size === 0) return this.#lines.size < this.#most;
    return line.size < ownPlaces || (line.size < maxOfSubject && this.#size < this.#most);
  }

  /** Those of subjects for which none asks any more. */
  #sweep(nowMs: number): void {
    if (this.#size < this.#most || nowMs - this.#sweptMs < sweepMs) return;
    this.#sweptMs = nowMs;
    for (const [subject, line] of this.#lines) {
      for (const [name, askedMs] of line) if (nowMs - askedMs >= patienceMs) this.#remove(subject, line, name);
    }
  }

  #remove(subject: string, line: Map<string, number>, name: string): void {
    if (line.delete(name)) this.#size -= 1;
    if (line.size === 0) this.#lines.delete(subject);
  }
}
