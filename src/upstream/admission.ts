/**
 * Which requests may use an upstream now, and which wait: a bounded queue for free connections, and a bound on the concurrent requests of
 * one client.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { Applicant } from './waiting-line.ts';
import { WaitingRequests } from './waiting-requests.ts';

export class Admission {
  readonly #perClient: number;
  readonly #maxWaiting: number;
  /** Requests that each client has in flight or in the queue. */
  readonly #inUse = new Map<string, number>();
  readonly #waiting: WaitingRequests;
  #congested = false;

  constructor(perClient: number, maxWaiting: number) {
    this.#perClient = perClient;
    this.#maxWaiting = maxWaiting;
    this.#waiting = new WaitingRequests(maxWaiting, (clientKey) => this.#free(clientKey));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * The queue for connections was full a moment ago, and is still more than half full. Requests that wait for others of their client do not
   * indicate the load of the upstream.
   */
  get congested(): boolean {
    if (this.#congested && this.#waiting.queue.length * 2 <= this.#maxWaiting) this.#congested = false;
    return this.#congested;
  }

  /** Resolves once nothing waits; every wait is bounded. */
  empty(): Promise<void> {
    return this.#waiting.empty();
  }

  /** True: it may pick a target. False: it waits for other requests of its client. */
  enter(applicant: Applicant): boolean | ReasonCode {
    const { clientKey } = applicant;
    const inUse = this.#inUse.get(clientKey) ?? 0;
    if (inUse >= this.#perClient) return this.#waiting.forClient(applicant) ? false : 'client_busy';
    this.#inUse.set(clientKey, inUse + 1);
    return true;
  }

  /** It found no free connection. Returns a reason if there is no room to wait. */
  queue(applicant: Applicant): ReasonCode | null {
    if (this.#waiting.forConnection(applicant)) return null;
    this.#congested = true;
    return 'upstream_busy';
  }

  /** What an applicant in a line waits for: a free connection, or other requests of its client. */
  waitsFor(applicant: Applicant): 'connection' | 'client' {
    return applicant.line === this.#waiting.queue ? 'connection' : 'client';
  }

  /** It no longer waits. */
  forget(applicant: Applicant): void {
    this.#waiting.remove(applicant);
  }

  /** A connection is free: the first in the queue gets its turn. */
  next(): void {
    this.#waiting.next();
  }

  /** A request that had entered has ended: another one of its client may enter. */
  leave(clientKey: string): void {
    if (this.#waiting.length === 0 || !this.#waiting.passOn(clientKey)) this.#free(clientKey);
  }

  #free(clientKey: string): void {
    const left = this.#inUse.get(clientKey)! - 1;
    if (left === 0) this.#inUse.delete(clientKey);
    else this.#inUse.set(clientKey, left);
  }
}
