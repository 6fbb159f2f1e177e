/**
 * Which requests may use an upstream now, and which wait: a bounded queue for free connections, and a bound on the concurrent requests of
 * one client. Responses that stay open have bounds of their own, and refuse what is beyond them.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { ShrinkingShares } from './shrinking-shares.ts';
import type { Applicant } from './waiting-line.ts';
import { WaitingRequests } from './waiting-requests.ts';

export interface AdmissionBounds {
  /** Connections over all targets that can be used now. */
  readonly connections: () => number;
  readonly requestsPerClient: number;
  readonly maxWaiting: number;
  readonly streams: number;
  readonly streamsPerClient: number;
}

export class Admission {
  readonly #maxWaiting: number;
  /** Requests in flight or in the queue. */
  readonly #requests: ShrinkingShares;
  readonly #streams: ShrinkingShares;
  /** Those of `#streams` whose response has not begun: the service works on them, so they are bounded as other requests are. */
  readonly #trickles: ShrinkingShares;
  readonly #waiting: WaitingRequests;
  #congested = false;

  constructor({ connections, requestsPerClient, maxWaiting, streams, streamsPerClient }: AdmissionBounds) {
    this.#maxWaiting = maxWaiting;
    this.#requests = new ShrinkingShares(requestsPerClient, connections);
    this.#streams = new ShrinkingShares(streamsPerClient, () => streams);
    this.#trickles = new ShrinkingShares(requestsPerClient, connections);
    this.#waiting = new WaitingRequests(maxWaiting, this.#requests);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Responses that stay open. */
  get streams(): number {
    return this.#streams.total;
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
    if (this.#requests.enter(applicant.clientKey)) return true;
    return this.#waiting.forClient(applicant) ? false : 'client_busy';
  }

  /** Requests wait for a connection. */
  get contended(): boolean {
    return this.#waiting.queue.length > 0;
  }

  /** How long the first in the queue has waited at `nowMs`; 0: none waits. */
  waitedMs(nowMs: number): number {
    const { first } = this.#waiting.queue;
    return first === null ? 0 : nowMs - first.waitsFrom;
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

  /** A request that had entered has ended: another one may enter. */
  leave(clientKey: string): void {
    this.#requests.leave(clientKey);
    if (this.#waiting.length > 0) this.#waiting.passOn(clientKey);
  }

  /** A response stays open. Returns a reason if there is no room for it. */
  enterStreams(clientKey: string): ReasonCode | null {
    if (this.#streams.full) return 'upstream_busy';
    return this.#streams.enter(clientKey) ? null : 'client_busy';
  }

  /** A request whose body does not end is sent as it arrives, like a response that stays open. False: there is no room for it. */
  enterTrickles(clientKey: string): boolean {
    if (this.#trickles.full || this.enterStreams(clientKey) !== null) return false;
    if (this.#trickles.enter(clientKey)) return true;
    this.#streams.leave(clientKey);
    return false;
  }

  /** Its response has begun and stays open, or it has ended and `leaveStreams` follows. */
  leaveTrickles(clientKey: string): void {
    this.#trickles.leave(clientKey);
  }

  leaveStreams(clientKey: string): void {
    this.#streams.leave(clientKey);
  }
}
