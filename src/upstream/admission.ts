/**
 * Who may use an upstream now, and who waits: a bounded queue for free connections, and a bound on what one client has
 * there at once. Requests of a client beyond its bound wait apart, so that nobody stands behind them. Requests are
 * themselves the nodes of the queues, so that waiting allocates nothing.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';

/** A request that wants in. */
export interface Applicant {
  /** Who counts as one client. */
  readonly party: string;
  /** Where it stands; null: nowhere. */
  line: Line | null;
  ahead: Applicant | null;
  behind: Applicant | null;
  /** Its turn has come: it looks for a target. Never throws. */
  proceed(): void;
}

export class Line {
  length = 0;
  first: Applicant | null = null;
  #last: Applicant | null = null;

  push(applicant: Applicant): void {
    applicant.line = this;
    applicant.ahead = this.#last;
    if (this.#last === null) this.first = applicant;
    else this.#last.behind = applicant;
    this.#last = applicant;
    this.length += 1;
  }

  remove(applicant: Applicant): void {
    const { ahead, behind } = applicant;
    if (ahead === null) this.first = behind;
    else ahead.behind = behind;
    if (behind === null) this.#last = ahead;
    else behind.ahead = ahead;
    applicant.line = null;
    applicant.ahead = null;
    applicant.behind = null;
    this.length -= 1;
  }
}

export class Admission {
  readonly #perClient: number;
  readonly #maxWaiting: number;
  /** Requests that each client has in flight or in the queue. */
  readonly #inUse = new Map<string, number>();
  /** Those of a client beyond its bound. */
  readonly #beyond = new Map<string, Line>();
  #waitingBeyond = 0;
  readonly #queue = new Line();
  /** Turns that have come and are not taken yet. */
  readonly #turns: (string | null)[] = [];
  #turning = false;
  #congested = false;
  /** Waits until nobody waits here. */
  #emptied: (() => void) | null = null;

  constructor(perClient: number, maxWaiting: number) {
    this.#perClient = perClient;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#queue.length + this.#waitingBeyond;
  }

  /**
   * The queue for connections was full a moment ago, and is still more than half full. Who waits for other requests of
   * its own says nothing of the upstream: others may find it idle.
   */
  get congested(): boolean {
    if (this.#congested && this.#queue.length * 2 <= this.#maxWaiting) this.#congested = false;
    return this.#congested;
  }

  /** Resolves once nobody waits; whoever waits does so for a bounded time. */
  async empty(): Promise<void> {
    if (this.waiting === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** True: it may look for a target. False: it waits for other requests of its client. */
  enter(applicant: Applicant): boolean | ReasonCode {
    const { party } = applicant;
    const inUse = this.#inUse.get(party) ?? 0;
    if (inUse < this.#perClient) {
      this.#inUse.set(party, inUse + 1);
      return true;
    }
    const line = this.#beyond.get(party) ?? new Line();
    // One client gets half of the queue, and all that are beyond their bounds do not take the places of others.
    if (line.length * 2 >= this.#maxWaiting || this.#waitingBeyond >= this.#maxWaiting) return 'client_busy';
    line.push(applicant);
    this.#waitingBeyond += 1;
    this.#beyond.set(party, line);
    return false;
  }

  /** It found no free connection. A reason: there is no place to wait. */
  queue(applicant: Applicant): ReasonCode | null {
    if (this.#queue.length >= this.#maxWaiting) {
      this.#congested = true;
      return 'upstream_busy';
    }
    this.#queue.push(applicant);
    return null;
  }

  /** It waits no longer. Returns what it waited for. */
  forget(applicant: Applicant): 'connection' | 'client' {
    const line = applicant.line!;
    const own = line !== this.#queue;
    line.remove(applicant);
    if (own) {
      this.#waitingBeyond -= 1;
      if (line.length === 0) this.#beyond.delete(applicant.party);
    }
    if (this.waiting === 0) this.#emptied?.();
    return own ? 'client' : 'connection';
  }

  /** A connection is free: the turn of the first in the queue has come. */
  next(): void {
    if (this.#queue.first !== null) this.#turn(null);
  }

  /** A request that had entered is over: another one of its client may take its place. */
  leave(party: string): void {
    if (this.#beyond.has(party)) {
      this.#turn(party);
      return;
    }
    const left = this.#inUse.get(party)! - 1;
    if (left === 0) this.#inUse.delete(party);
    else this.#inUse.set(party, left);
  }

  /** One after the other: whoever fails at once makes way for the next, and thousands of them must not nest. */
  #turn(party: string | null): void {
    this.#turns.push(party);
    if (this.#turning) return;
    this.#turning = true;
    try {
      // An array that grows is walked to its new end.
      for (const turn of this.#turns) this.#give(turn);
    } finally {
      this.#turns.length = 0;
      this.#turning = false;
    }
  }

  /** Null: a turn for a connection; else a place that one of this client has left. */
  #give(party: string | null): void {
    const first = (party === null ? this.#queue : this.#beyond.get(party))?.first ?? null;
    if (first !== null) {
      this.forget(first);
      first.proceed();
    } else if (party !== null) {
      this.leave(party);
    }
  }
}
