/**
 * Forwards one allowed request and streams the answer back. The exchange itself is the handler of its connection, the
 * node that waits on the deadline wheel and the one that waits for its turn, so that a request costs no further object,
 * closure, promise or timer. Whatever breaks off is broken on the other side too: neither a cut request nor a cut answer
 * is ever ended.
 */

import type { Allow } from '../core/decision.ts';
import type { ClientFacts, ForwardingRules } from '../core/forwarding/request-headers.ts';
import { appendRequestHeaders } from '../core/forwarding/request-headers.ts';
import { rewritePath } from '../core/forwarding/rewrite-path.ts';
import { gatewayHeader } from '../core/syntax/header-names.ts';
import type { Annotate } from './answer-head.ts';
import type { Upstreams } from './create-upstreams.ts';
import type { Target } from './target.ts';
import { reasonOfFailure, unsendable } from './upstream-failure.ts';
import { WaitingExchange } from './waiting-exchange.ts';
import type { HopControl, HopHandler, HopRequest } from './wire/connection.ts';

/** What of a configuration forwarding needs. */
export interface ForwardingContext {
  readonly rules: ForwardingRules;
  readonly upstreams: Upstreams;
  readonly annotate: Annotate;
  /** Does what has to follow a success; null: nothing has to be waited for. Never throws, and never rejects. */
  readonly evict: (decision: Allow) => Promise<unknown> | null;
}

/** The wait for other replicas ends by itself before this. */
const longestHoldMs = 11_000;

export class ForwardedExchange extends WaitingExchange implements HopHandler {
  private hop: HopRequest | null = null;
  private context: ForwardingContext | null = null;
  /** Where the request is, or waits to be; null before and after. */
  private destination: Target | null = null;
  private tried: Set<Target> | null = null;
  /** Not null once bytes may have been sent. */
  private control: HopControl | null = null;
  /** The connection had carried a request before this one. */
  private reused = false;
  private retried = false;
  /** The first byte of an answer came. */
  private answerStarted = false;

  /** Starts forwarding. Whatever comes of it is answered to the client; throws only for faults of the gateway. */
  forward(decision: Allow, context: ForwardingContext, facts: ClientFacts): void {
    const { route, request } = decision;
    if (this.bodyLength > route.maxBodyBytes) {
      this.fail('body_too_large');
      return;
    }
    if (this.bodyLength > Number.MAX_SAFE_INTEGER) {
      this.fail('header_invalid');
      return;
    }
    const path = route.rewrite === null ? request.path : rewritePath(route, request.path);
    if (path === null) {
      this.fail('path_ambiguous');
      return;
    }

    const headers: string[] = [];
    appendRequestHeaders(headers, context.rules, decision, this.req.rawHeaders, facts);
    this.hop = { method: request.method, path: path + request.query, headers, body: null };
    this.context = context;
    this.upstream = context.upstreams.get(route.upstream);
    if (this.upstream.gatewaySecret !== null) headers.push(gatewayHeader, this.upstream.gatewaySecret);
    this.begin(decision);
    if (this.expectsContinue) this.res.writeContinue();
    // The framing is the body's: bytes carry their length, a stream with `content-length` among the headers keeps it, one
    // without is sent in chunks, and no body is none. Nothing is ever piped unframed, whatever the method.
    if (this.bodyLength === 0) this.enter();
    else this.takeBody(route);
  }

  protected override dispatch(): void {
    const target = this.upstream!.pick(this.tried);
    if (target === 'upstream_busy') {
      this.waitForConnection();
      return;
    }
    if (typeof target === 'string') {
      this.fail(target);
      return;
    }
    this.target = target.origin;
    this.send(target, false);
  }

  private send(target: Target, fresh: boolean): void {
    this.destination = target;
    target.inFlight += 1;
    this.hop!.body = this.outgoingBody;
    if (fresh) target.pool.dispatchAlone(this.hop!, this);
    else target.pool.dispatch(this.hop!, this);
  }

  /** The upstream's part is over, one way or the other: exactly once for each `send`. */
  private settle(): Target {
    const target = this.destination!;
    target.inFlight -= 1;
    this.destination = null;
    this.control = null;
    return target;
  }

  onRequestStart(control: HopControl): boolean {
    if (this.stopped) {
      // It was given up while it waited: nothing is sent, and the connection stays good.
      this.settle();
      this.leave();
      return false;
    }
    this.control = control;
    this.reused = control.carried > 0;
    this.first?.handedOn();
    return true;
  }

  onBodySent(): void {
    this.progress();
  }

  onResponseStarted(): void {
    this.answerStarted = true;
  }

  onResponseStart(control: HopControl, status: number, statusText: string, rawHeaders: readonly string[]): void {
    if (this.stopped) return;
    const told = this.evictAfter(status);
    this.beginAnswer(status, statusText, rawHeaders, this.context!, false, control.memory);
    this.progress(this.answeredAt);
    if (told === null || this.stopped) return;
    this.progress(this.answeredAt + longestHoldMs);
    control.pause();
    this.holdAnswer(told, () => {
      this.progress();
      // The connection may be another's by now.
      if (this.control === control) control.resume();
    });
  }

  /** Before the answer is looked at: what the upstream did holds even if its answer cannot be passed on. */
  private evictAfter(status: number): Promise<unknown> | null {
    const { granted } = this;
    return granted !== null && granted.route.evict !== null && status < 300 ? this.context!.evict(granted) : null;
  }

  onResponseData(control: HopControl, chunk: Buffer): void {
    if (this.stopped) return;
    this.progress();
    if (this.continueAnswer(chunk) || this.stalledSince !== 0) return;
    this.stalledSince = performance.now();
    control.pause();
    this.res.once('drain', () => {
      this.stalledSince = 0;
      this.progress();
      if (this.control === control) control.resume();
    });
  }

  /** An event stream may take long to say its first word. */
  onResponseWaits(): void {
    if (!this.stopped) this.flush();
  }

  onResponseEnd(): void {
    this.settle();
    this.shared.deadlines.cancel(this);
    this.stopped = true;
    this.endAnswer();
    this.leave();
    if (!this.bodyPending) return;
    // Answered before the request was whole: what is left of it would be read as the next request.
    this.body!.destroy();
    this.entrypoint.drainBody(this);
  }

  onResponseError(error: Error): void {
    const sent = this.control !== null;
    const unsent = this.control?.unsent === true;
    const target = this.settle();
    if (this.stopped) {
      this.leave();
      return;
    }
    try {
      this.failed(error, target, sent, unsent);
    } catch (cause) {
      this.fail('internal_error', cause);
    }
  }

  /** `sent`: to a connection; `unsent`: which had not written a byte of it. */
  private failed(error: Error, target: Target, sent: boolean, unsent: boolean): void {
    if (!sent) {
      if (unsendable(error)) {
        this.fail('header_invalid', error);
        return;
      }
      target.connectionFailed();
      this.cause = error;
      this.tried ??= new Set();
      this.tried.add(target);
      this.dispatch();
      return;
    }
    // A kept connection that the service had closed already: what it was not sent, and what changes nothing, may be sent again
    // (RFC 9112 section 9.3.1, RFC 9110 section 9.2.2).
    if (this.reused && !this.retried && !this.answerStarted && (unsent || this.repeatable)) {
      this.retried = true;
      this.send(target, true);
      return;
    }
    this.fail(reasonOfFailure(error, this.answerStarted && this.answeredAt === 0), error);
  }

  private get repeatable(): boolean {
    return this.bodyLength === 0 && (this.method === 'GET' || this.method === 'HEAD');
  }

  /** Lets go of the upstream: it sees the connection close at once, or the request never reaches it. */
  protected override release(): void {
    if (this.stopped) return;
    super.release();
    if (this.control !== null) {
      this.control.abort();
      this.settle();
    }
    // Where it still waits for a connection, that one reports the end.
    if (this.destination === null) this.leave();
  }
}
