/**
 * One request to an upstream: waits for its turn, picks a target, sends, and retries if that is harmless. The exchange follows it as
 * `UpstreamEvents`.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { ClientError } from '../http1/client/client-error.ts';
import type { ConnectionControl, OutgoingRequest, ResponseHandler } from '../http1/client/request.ts';
import { afterFailure, attemptOf } from './after-failure.ts';
import type { Upstream } from './create-upstreams.ts';
import type { Target } from './target.ts';
import { hasUnexpectedBody } from './unexpected-body.ts';
import type { UpstreamEvents } from './upstream-events.ts';
import type { Applicant, Line } from './waiting-line.ts';

export class UpstreamRequest implements Applicant, ResponseHandler {
  readonly clientKey: string;
  line: Line | null = null;
  ahead: Applicant | null = null;
  behind: Applicant | null = null;
  readonly #upstream: Upstream;
  readonly #request: OutgoingRequest;
  readonly #events: UpstreamEvents;
  /** The target that the request uses or waits for. */
  #target: Target | null = null;
  #tried: Set<Target> | null = null;
  /** Not null once bytes may have been sent. */
  #control: ConnectionControl | null = null;
  /**
   * What it occupies: a place of its client and a connection of the pool; or a place for responses that stay open, and until the response
   * begins one for bodies that do not end.
   */
  #occupies: 'nothing' | 'pool' | 'trickle' | 'stream' = 'nothing';
  #retried = false;
  #responseStarted = false;
  #headReceived = false;
  #over = false;
  /** When it began to wait for its turn, in milliseconds; 0: it does not wait. Set only here. */
  waitsFrom = 0;
  /** Why the last target could not be reached. */
  #cause: unknown = null;

  constructor(upstream: Upstream, clientKey: string, request: OutgoingRequest, events: UpstreamEvents) {
    this.#upstream = upstream;
    this.clientKey = clientKey;
    this.#request = request;
    this.#events = events;
  }

  /** Requests its turn. A WebSocket is bounded by the connections of its client instead: it may stay open for days. */
  start(): void {
    if (this.#request.upgrade || this.#occupies === 'trickle') {
      this.#dispatch();
      return;
    }
    const entered = this.#upstream.admission.enter(this);
    if (typeof entered === 'string') {
      this.#fail(entered, null);
    } else if (entered) {
      this.#occupies = 'pool';
      this.#dispatch();
    } else {
      this.#wait();
    }
  }

  proceed(): void {
    this.#occupies = 'pool';
    this.#dispatch();
  }

  /** Ends it: it leaves its queue, or its connection is closed. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#waitEnds();
    if (this.line !== null) this.#upstream.admission.forget(this);
    if (this.#control !== null) {
      this.#control.abort();
      this.#settle();
    }
    // If it still waits for a connection, the connection reports the end.
    if (this.#target === null) this.#leave();
  }

  /** What it waits for in a queue; null: it is not queued. */
  get waitsFor(): 'client' | 'connection' | null {
    return this.line === null ? null : this.#upstream.admission.waitsFor(this);
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }

  /** Before `start`: its body does not end, so it is sent outside of the pool. False: there is no room for that, or it must be gathered. */
  mayTrickle(): boolean {
    const { buffersChunked, admission } = this.#upstream;
    if (buffersChunked || !admission.enterTrickles(this.clientKey)) return false;
    this.#occupies = 'trickle';
    return true;
  }

  /** It holds a connection for which others wait. */
  get blocksOthers(): boolean {
    return this.#occupies === 'pool' && this.line === null && this.#upstream.admission.contended;
  }

  /**
   * The response stays open: from now on neither its connection nor its place of the client counts among those of ordinary requests.
   * Returns a reason if there is no room for another one; it then continues to count there.
   */
  leavePool(): ReasonCode | null {
    if (this.#over) return null;
    if (this.#occupies === 'trickle') {
      this.#upstream.admission.leaveTrickles(this.clientKey);
      this.#occupies = 'stream';
    }
    if (this.#occupies !== 'pool') return null;
    const full = this.#upstream.admission.enterStreams(this.clientKey);
    if (full !== null) return full;
    this.#target!.inFlight -= 1;
    this.#control!.leavePool();
    this.#leave();
    this.#occupies = 'stream';
    return null;
  }

  #dispatch(): void {
    const target = this.#upstream.pick(this.#tried, this.#occupies === 'pool');
    if (target === 'upstream_busy') {
      const full = this.#upstream.admission.queue(this);
      if (full !== null) this.#fail(full, null);
      else this.#wait();
    } else if (typeof target === 'string') {
      this.#fail(target, this.#cause);
    } else {
      this.#waitEnds();
      this.#events.sending(target.origin);
      this.#send(target, this.#occupies !== 'pool' || hasUnexpectedBody(this.#request));
    }
  }

  #wait(): void {
    this.#events.waiting(this.#upstream.waitMs);
    // If it was refused instead, it does not wait.
    if (!this.#over && this.waitsFrom === 0) this.waitsFrom = performance.now();
  }

  #waitEnds(): void {
    if (this.waitsFrom === 0) return;
    this.#upstream.waited((performance.now() - this.waitsFrom) / 1000);
    this.waitsFrom = 0;
  }

  #send(target: Target, alone: boolean): void {
    this.#target = target;
    if (this.#occupies === 'pool') target.inFlight += 1;
    // Upgrades are bounded by the connections of clients, streams by their own limit, all others by `inFlight`.
    if (alone) target.pool.dispatchAlone(this.#request, this);
    else target.pool.dispatch(this.#request, this);
  }

  /** The connection has finished with it: exactly once per `#send`. */
  #settle(): Target {
    const target = this.#target!;
    if (this.#occupies === 'pool') target.inFlight -= 1;
    this.#target = null;
    this.#control = null;
    return target;
  }

  /** Others may enter. */
  #leave(): void {
    const occupied = this.#occupies;
    this.#occupies = 'nothing';
    if (occupied === 'pool') {
      this.#upstream.freed();
      this.#upstream.admission.leave(this.clientKey);
    } else if (occupied !== 'nothing') {
      if (occupied === 'trickle') this.#upstream.admission.leaveTrickles(this.clientKey);
      this.#upstream.admission.leaveStreams(this.clientKey);
    }
  }

  #fail(reason: ReasonCode, cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#waitEnds();
    this.#leave();
    this.#events.failed(reason, cause);
  }

  // What its connection reports

  onRequestStart(control: ConnectionControl): boolean {
    if (this.#over) {
      // It was abandoned while it waited: nothing is sent, and the connection stays usable.
      this.#settle();
      this.#leave();
      return false;
    }
    this.#control = control;
    if (this.#occupies === 'trickle') control.leavePool();
    this.#events.started();
    return true;
  }

  onBodySent(): void {
    if (!this.#over) this.#events.bodySent();
  }

  onResponseStarted(): void {
    this.#responseStarted = true;
  }

  onResponseHead(status: number, statusText: string, rawHeaders: readonly string[]): void {
    this.#headReceived = true;
    if (!this.#over) this.#events.responseHead(status, statusText, rawHeaders);
  }

  onResponseData(part: Buffer): void {
    if (!this.#over) this.#events.responseData(part);
  }

  onResponseWaits(): void {
    if (!this.#over) this.#events.responseWaits();
  }

  onUpgrade(control: ConnectionControl, rawHeaders: readonly string[], early: Buffer): void {
    let taken = false;
    const take = () => {
      taken = true;
      return control.detach();
    };
    if (!this.#over) {
      this.#over = true;
      this.#events.upgraded(rawHeaders, early, take);
    }
    if (!taken) control.abort();
    this.#settle();
  }

  onResponseEnd(): void {
    this.#settle();
    const wanted = !this.#over;
    this.#over = true;
    // The client first: the next request at the upstream may take a while.
    if (wanted) this.#events.responseEnd();
    this.#leave();
  }

  onResponseError(error: ClientError): void {
    const control = this.#control;
    const target = this.#settle();
    if (this.#over) {
      this.#leave();
      return;
    }
    const next = afterFailure(error, {
      ...attemptOf(this.#request, control),
      retried: this.#retried,
      responseStarted: this.#responseStarted,
      headReceived: this.#headReceived,
    });
    if (next === 'elsewhere') {
      target.connectionFailed();
      this.#cause = error;
      this.#tried ??= new Set();
      this.#tried.add(target);
      this.#dispatch();
    } else if (next === 'again') {
      this.#retried = true;
      this.#send(target, true);
    } else {
      this.#fail(next, error);
    }
  }
}
