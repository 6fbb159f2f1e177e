/**
 * Requests that wait at an upstream, and their turns: in one queue for a free connection; and in a queue of each client that uses its
 * share, so that they do not delay other clients.
 */
import type { ShrinkingShares } from './shrinking-shares.ts';
import { type Applicant, Line } from './waiting-line.ts';

export class WaitingRequests {
  /** All of them. */
  length = 0;
  /** Those that wait for a connection. */
  readonly queue = new Line();
  /** Those that wait for others of their client, or for its share to grow. */
  readonly #beyond = new Map<string, Line>();
  readonly #max: number;
  readonly #shares: ShrinkingShares;
  /** Turns that are due but not yet processed. */
  readonly #turns: (string | null)[] = [];
  #turning = false;
  /** Must be called when nothing waits here any more. */
  #emptied: (() => void) | null = null;

  /** `max`: of each of the two kinds. `shares`: what clients use; a request enters when its turn comes. */
  constructor(max: number, shares: ShrinkingShares) {
    this.#max = max;
    this.#shares = shares;
  }

  /** Resolves once nothing waits; every wait is bounded. */
  async empty(): Promise<void> {
    if (this.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** It waits for a free connection. False: there is no room. */
  forConnection(applicant: Applicant): boolean {
    if (this.queue.length >= this.#max) return false;
    this.queue.push(applicant);
    this.length += 1;
    return true;
  }

  /**
   * It waits for others of its client. False: there is no room. One client gets half of the places, and clients beyond their bounds never
   * displace others.
   */
  forClient(applicant: Applicant): boolean {
    const line = this.#beyond.get(applicant.clientKey) ?? new Line();
    if (line.length * 2 >= this.#max || this.length - this.queue.length >= this.#max) return false;
    line.push(applicant);
    this.length += 1;
    this.#beyond.set(applicant.clientKey, line);
    return true;
  }

  /** It no longer waits. */
  remove(applicant: Applicant): void {
    const line = applicant.line!;
    line.remove(applicant);
    this.length -= 1;
    if (line !== this.queue && line.length === 0) this.#beyond.delete(applicant.clientKey);
    if (this.length === 0) this.#emptied?.();
  }

  /** A connection is free: the first in the queue gets its turn. */
  next(): void {
    if (this.queue.first !== null) this.#turn(null);
  }

  /** A request of this client has left: another one may enter, of this client first. */
  passOn(clientKey: string): void {
    if (this.#beyond.size > 0) this.#turn(clientKey);
  }

  /** One after the other: a request that fails at once triggers the next, and thousands of them must not nest. */
  #turn(clientKey: string | null): void {
    this.#turns.push(clientKey);
    if (this.#turning) return;
    this.#turning = true;
    try {
      // The loop includes entries that are added meanwhile.
      for (const turn of this.#turns) this.#give(turn);
    } finally {
      this.#turns.length = 0;
      this.#turning = false;
    }
  }

  /** Null: a turn for a connection; otherwise a request of this client has left. */
  #give(clientKey: string | null): void {
    const first = (clientKey === null ? this.queue : this.#mayEnter(clientKey))?.first ?? null;
    if (first === null) return;
    this.remove(first);
    first.proceed();
  }

  /** The queue whose first request has just entered. */
  #mayEnter(clientKey: string): Line | null {
    const own = this.#beyond.get(clientKey);
    if (own !== undefined && this.#shares.enter(clientKey)) return own;
    // Every client that waits here uses at least one place, which is more than its share once all are in use.
    if (this.#shares.full) return null;
    for (const [other, line] of this.#beyond) if (this.#shares.enter(other)) return line;
    return null;
  }
}
