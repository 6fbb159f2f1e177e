/**
 * Which requests may use an upstream now, and which wait: a bounded queue for free connections, and a bound on the concurrent requests of
 * one client. Requests of a client beyond its bound wait in a separate queue, so they do not delay other clients.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { type Applicant, Line } from './waiting-line.ts';

export class Admission {
  readonly #perClient: number;
  readonly #maxWaiting: number;
  /** Requests that each client has in flight or in the queue. */
  readonly #inUse = new Map<string, number>();
  /** Queues of clients beyond their bound. */
  readonly #beyond = new Map<string, Line>();
  #waitingBeyond = 0;
  readonly #queue = new Line();
  /** Turns that are due but not yet processed. */
  readonly #turns: (string | null)[] = [];
  #turning = false;
  #congested = false;
  /** Must be called when nothing waits here any more. */
  #emptied: (() => void) | null = null;

  constructor(perClient: number, maxWaiting: number) {
    this.#perClient = perClient;
    this.#maxWaiting = maxWaiting;
  }

  get waiting(): number {
    return this.#queue.length + this.#waitingBeyond;
  }

  /**
   * The queue for connections was full a moment ago, and is still more than half full. Requests that wait for others of their client do not
   * indicate the load of the upstream.
   */
  get congested(): boolean {
    if (this.#congested && this.#queue.length * 2 <= this.#maxWaiting) this.#congested = false;
    return this.#congested;
  }

  /** Resolves once nothing waits; every wait is bounded. */
  async empty(): Promise<void> {
    if (this.waiting === 0) return;
    await new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
  }

  /** True: it may pick a target. False: it waits for other requests of its client. */
  enter(applicant: Applicant): boolean | ReasonCode {
    const { clientKey } = applicant;
    const inUse = this.#inUse.get(clientKey) ?? 0;
    if (inUse < this.#perClient) {
      this.#inUse.set(clientKey, inUse + 1);
      return true;
    }
    const line = this.#beyond.get(clientKey) ?? new Line();
    // One client gets half of the queue, and clients beyond their bounds never displace others.
    if (line.length * 2 >= this.#maxWaiting || this.#waitingBeyond >= this.#maxWaiting) return 'client_busy';
    line.push(applicant);
    this.#waitingBeyond += 1;
    this.#beyond.set(clientKey, line);
    return false;
  }

  /** It found no free connection. Returns a reason if there is no room to wait. */
  queue(applicant: Applicant): ReasonCode | null {
    if (this.#queue.length >= this.#maxWaiting) {
      this.#congested = true;
      return 'upstream_busy';
    }
    this.#queue.push(applicant);
    return null;
  }

  /** What an applicant in a line waits for: a free connection, or other requests of its client. */
  waitsFor(applicant: Applicant): 'connection' | 'client' {
    return applicant.line === this.#queue ? 'connection' : 'client';
  }

  /** It no longer waits. */
  forget(applicant: Applicant): void {
    const line = applicant.line!;
    const own = line !== this.#queue;
    line.remove(applicant);
    if (own) {
      this.#waitingBeyond -= 1;
      if (line.length === 0) this.#beyond.delete(applicant.clientKey);
    }
    if (this.waiting === 0) this.#emptied?.();
  }

  /** A connection is free: the first in the queue gets its turn. */
  next(): void {
    if (this.#queue.first !== null) this.#turn(null);
  }

  /** A request that had entered has ended: another one of its client may enter. */
  leave(clientKey: string): void {
    if (this.#beyond.has(clientKey)) {
      this.#turn(clientKey);
      return;
    }
    const left = this.#inUse.get(clientKey)! - 1;
    if (left === 0) this.#inUse.delete(clientKey);
    else this.#inUse.set(clientKey, left);
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

  /** Null: a turn for a connection; otherwise the place that a request of this client has left. */
  #give(clientKey: string | null): void {
    const first = (clientKey === null ? this.#queue : this.#beyond.get(clientKey))?.first ?? null;
    if (first !== null) {
      this.forget(first);
      first.proceed();
    } else if (clientKey !== null) {
      this.leave(clientKey);
    }
  }
}
