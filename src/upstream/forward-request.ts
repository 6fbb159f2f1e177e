/**
 * Forwards one allowed request and streams the answer back. The exchange itself is the handler of its connection and
 * the node that waits on the deadline wheel, so that a request costs no further object, closure, promise or timer.
 * Whatever breaks off is broken on the other side too: neither a cut request nor a cut answer is ever ended.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ClientFacts, ForwardingRules } from '../core/forwarding/request-headers.ts';
import { appendRequestHeaders } from '../core/forwarding/request-headers.ts';
import { rewritePath } from '../core/forwarding/rewrite-path.ts';
import type { Allow } from '../core/outcome/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { Annotate } from './answer-head.ts';
import { AnsweredExchange } from './answered-exchange.ts';
import type { Upstream, Upstreams } from './create-upstreams.ts';
import type { Deadline, Deadlines } from './deadline-wheel.ts';
import type { ExchangeHost, Origin } from './exchange.ts';
import { type BodyOwner, RequestBody } from './request-body.ts';
import type { Target } from './target.ts';
import { reasonOfFailure, unsendable } from './upstream-failure.ts';
import type { HopControl, HopHandler, HopRequest } from './wire/connection.ts';

/** What of a configuration forwarding needs. */
export interface ForwardingContext {
  readonly rules: ForwardingRules;
  readonly upstreams: Upstreams;
  readonly annotate: Annotate;
}

/** A client that does not read its answer for this long is let go, whatever the timeout of the route. */
const stalledClientMs = 60_000;

export class ForwardedExchange extends AnsweredExchange implements HopHandler, Deadline, BodyOwner {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;

  private readonly deadlines: Deadlines;
  private hop: HopRequest | null = null;
  private annotate: Annotate = 'failures';
  private timeoutMs = 0;
  private upstream: Upstream | null = null;
  /** Where the request is, or waits to be; null before and after. */
  private destination: Target | null = null;
  private tried: Set<Target> | null = null;
  private body: RequestBody | null = null;
  /** Not null once bytes may have been sent. */
  private control: HopControl | null = null;
  /** The connection had carried a request before this one. */
  private reused = false;
  private retried = false;
  /** The first byte of an answer came. */
  private answerStarted = false;
  /** Nothing of the upstream counts any more. */
  private stopped = false;
  /** Since when the upstream is held back because the client does not read; 0: it is not. */
  private stalledSince = 0;

  constructor(
    deadlines: Deadlines,
    entrypoint: ExchangeHost,
    from: Origin,
    req: IncomingMessage,
    res: ServerResponse,
    expectsContinue: boolean,
  ) {
    super(entrypoint, from, req, res, expectsContinue);
    this.deadlines = deadlines;
  }

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
    const path = rewritePath(route, request.path);
    if (path === null) {
      this.fail('path_ambiguous');
      return;
    }

    const headers: string[] = [];
    appendRequestHeaders(headers, context.rules, decision, this.req.rawHeaders, facts);
    // The framing is the body's: a stream with `content-length` among the headers keeps it, one without is sent in
    // chunks, and no body is no stream. Nothing is ever piped unframed, whatever the method.
    if (this.bodyLength !== 0) this.body = new RequestBody(this.req, this, route.maxBodyBytes);
    this.hop = { method: request.method, path: path + request.query, headers, body: this.body };
    this.annotate = context.annotate;
    this.timeoutMs = route.timeoutMs;
    this.upstream = context.upstreams.get(route.upstream);
    this.deadlines.schedule(this, performance.now() + this.timeoutMs);
    if (this.expectsContinue) this.res.writeContinue();
    this.dispatch();
  }

  private dispatch(): void {
    const target = this.upstream!.pick(this.tried);
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
      return false;
    }
    this.control = control;
    this.reused = control.carried > 0;
    return true;
  }

  onBodySent(): void {
    this.progress();
  }

  onResponseStarted(): void {
    this.answerStarted = true;
  }

  onResponseStart(_control: HopControl, status: number, statusText: string, rawHeaders: readonly string[]): void {
    if (this.stopped) return;
    this.beginAnswer(status, statusText, rawHeaders, this.annotate);
    this.deadlineAt = this.answeredAt + this.timeoutMs;
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
      control.resume();
    });
  }

  onResponseEnd(): void {
    this.settle();
    this.deadlines.cancel(this);
    this.stopped = true;
    this.endAnswer();
    if (!this.bodyPending) return;
    // Answered before the request was whole: what is left of it would be read as the next request.
    this.body!.destroy();
    this.entrypoint.drainBody(this);
  }

  onResponseError(error: Error): void {
    const sent = this.control !== null;
    const target = this.settle();
    if (this.stopped) return;
    try {
      this.failed(error, target, sent);
    } catch (cause) {
      this.fail('internal_error', cause);
    }
  }

  private failed(error: Error, target: Target, sent: boolean): void {
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
    // A kept connection that the service had closed already: it cannot have acted on the request.
    if (this.reused && !this.retried && !this.answerStarted && this.repeatable) {
      this.retried = true;
      this.send(target, true);
      return;
    }
    this.fail(reasonOfFailure(error, this.answerStarted && this.answeredAt === 0), error);
  }

  private get repeatable(): boolean {
    return this.bodyLength === 0 && (this.method === 'GET' || this.method === 'HEAD');
  }

  private progress(): void {
    this.deadlineAt = performance.now() + this.timeoutMs;
  }

  onDeadline(): void {
    if (this.stopped) return;
    const now = performance.now();
    if (this.stalledSince !== 0) {
      // The upstream is held back because the client does not read.
      if (now - this.stalledSince < stalledClientMs) {
        this.deadlines.schedule(this, Math.min(now + this.timeoutMs, this.stalledSince + stalledClientMs));
        return;
      }
      this.aborted = true;
      this.fail('request_timeout');
    } else {
      const client = this.answeredAt === 0 && this.body?.awaitsClient === true;
      this.fail(client ? 'request_timeout' : 'upstream_timeout');
    }
  }

  bodyTooLarge(): void {
    this.fail('body_too_large');
  }

  override fail(reason: ReasonCode, cause: unknown = null): void {
    this.release();
    super.fail(reason, cause);
  }

  /** Lets go of the upstream: it sees the connection close at once, or the request never reaches it. */
  protected override release(): void {
    if (this.stopped) return;
    this.stopped = true;
    this.deadlines.cancel(this);
    this.body?.destroy();
    if (this.control === null) return;
    this.control.abort();
    this.settle();
  }
}
