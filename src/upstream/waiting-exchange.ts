/**
 * What a forwarded request waits for, and how long: the first part of its body, its turn at the upstream, progress of
 * either side. One place on the wheel serves all of it; what is due is found when it fires.
 */
import type { Allow } from '../core/decision.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { Route } from '../core/routing/route.ts';
import type { Applicant, Line } from './admission.ts';
import { BodyPace } from './body-pace.ts';
import type { Upstream } from './create-upstreams.ts';
import { FirstPart, type FirstPartOwner } from './first-part.ts';
import { LastingExchange } from './lasting-exchange.ts';
import { RequestBody } from './request-body.ts';

/** What is open this long is a stream: its access is watched from here on. */
const streamAfterMs = 1_000;
/** A client that has ended its side is gone, mostly; one that is not gets whatever comes without such a pause. */
const halfClosedMs = 250;

export abstract class WaitingExchange extends LastingExchange implements Applicant, FirstPartOwner {
  line: Line | null = null;
  ahead: Applicant | null = null;
  behind: Applicant | null = null;

  protected upstream: Upstream | null = null;
  protected first: FirstPart | null = null;
  protected body: RequestBody | null = null;
  protected outgoingBody: Buffer | RequestBody | null = null;
  /** Nothing of the upstream counts any more. */
  protected stopped = false;
  /** Since when the upstream is held back because the client does not read; 0: it is not. */
  protected stalledSince = 0;

  private timeoutMs = 0;
  private pace: BodyPace | null = null;
  /** The first part of the body is still to come. */
  private gathering = false;
  /** It counts as one of its client's at the upstream. */
  private entered = false;
  private halfClosed = false;
  /** Moments of `performance.now()`: the end of patience, the next look at access, and at the rate of the body. */
  private idleAt = 0;
  private accessAt = Number.POSITIVE_INFINITY;
  private paceAt = Number.POSITIVE_INFINITY;
  /** The sooner one of the two looks. */
  private lookNext = Number.POSITIVE_INFINITY;

  /** It goes to the upstream: sets the times. */
  protected begin(granted: Allow): void {
    // It was decided in this very turn.
    const now = this.decidedAt;
    const { route } = granted;
    this.granted = granted;
    this.timeoutMs = route.timeoutMs;
    this.accessAt = now + streamAfterMs;
    if (this.bodyLength !== 0 && route.bodyRate > 0) this.paceAt = now + this.shared.bodyGraceMs;
    this.lookNext = Math.min(this.accessAt, this.paceAt);
    this.patience(now, this.timeoutMs);
  }

  /** Its body comes first, or its beginning; then it enters. */
  protected takeBody(route: Route): void {
    const { bodyMemory, bodyGraceMs } = this.shared;
    const { bodyBufferBytes, maxBodyBytes, bodyRate } = route;
    this.pace = new BodyPace(bodyRate, bodyGraceMs);
    if (bodyBufferBytes === 0) {
      this.body = new RequestBody(this.req.source!, this, maxBodyBytes, this.pace);
      this.outgoingBody = this.body;
      this.enter();
      return;
    }
    const bounds = {
      enoughBytes: bodyBufferBytes,
      maxBytes: maxBodyBytes,
      memory: bodyMemory,
      party: this.payer,
    };
    this.gathering = true;
    this.first = new FirstPart(this.req.source!, this, bounds, this.pace);
  }

  firstPartCame(): void {
    this.gathering = false;
    const { chunks, whole } = this.first!;
    if (whole) {
      this.outgoingBody = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    } else {
      this.body = new RequestBody(this.req.source!, this, this.granted!.route.maxBodyBytes, this.pace!, chunks);
      this.outgoingBody = this.body;
    }
    this.attempt(this.enter);
  }

  /** Asks for its turn at the upstream. */
  protected enter(): void {
    const entered = this.upstream!.admission.enter(this);
    if (typeof entered === 'string') {
      this.fail(entered);
    } else if (entered) {
      this.entered = true;
      // Without a body nothing came between.
      this.progress(this.bodyLength === 0 ? this.decidedAt : performance.now());
      this.dispatch();
    } else {
      this.patience(performance.now(), this.upstream!.waitMs);
    }
  }

  /** Every connection is in use. */
  protected waitForConnection(): void {
    const { upstream } = this;
    const full = upstream!.admission.queue(this);
    if (full !== null) this.fail(full);
    else this.patience(performance.now(), upstream!.waitMs);
  }

  /** Its turn has come. */
  proceed(): void {
    this.entered = true;
    this.patience(performance.now(), this.timeoutMs);
    this.attempt(this.dispatch);
  }

  /** It is done with the upstream: others may take its place. */
  protected leave(): void {
    if (!this.entered) return;
    this.entered = false;
    this.upstream!.freed();
    this.upstream!.admission.leave(this.party);
  }

  /** Finds a target and sends the request. */
  protected abstract dispatch(): void;

  /** For what is called from the depths of a stream or of another request: a fault stays with this one. */
  private attempt(step: () => void): void {
    try {
      step.call(this);
    } catch (cause) {
      this.fail('internal_error', cause);
    }
  }

  progress(now: number = performance.now()): void {
    this.idleAt = now + (this.halfClosed ? halfClosedMs : this.timeoutMs);
    this.deadlineAt = Math.min(this.idleAt, this.lookNext);
  }

  /** Waits this long from now, be it shorter than before. */
  private patience(now: number, ms: number): void {
    this.idleAt = now + (this.halfClosed ? halfClosedMs : ms);
    this.shared.deadlines.schedule(this, Math.min(this.idleAt, this.lookNext));
  }

  lookAt(at: number): void {
    this.accessAt = at;
    this.lookNext = Math.min(at, this.paceAt);
    if (!this.stopped) this.shared.deadlines.schedule(this, Math.min(this.idleAt, this.lookNext));
  }

  onDeadline(): void {
    if (this.stopped) return;
    const now = performance.now();
    if (now >= this.lookNext) this.look(now);
    if (this.stopped) return;
    if (now >= this.idleAt) this.timedOut(now);
    if (!this.stopped) this.shared.deadlines.schedule(this, Math.min(this.idleAt, this.lookNext));
  }

  private look(now: number): void {
    if (now >= this.accessAt) {
      this.accessAt = Number.POSITIVE_INFINITY;
      if (this.watch === null) this.watchAccess();
      else this.watch.look();
      if (this.stopped) return;
    }
    if (now >= this.paceAt) {
      const nextMs = this.bodyPending ? this.pace!.measure(now) : Number.POSITIVE_INFINITY;
      if (nextMs === null) {
        this.fail('request_timeout');
        return;
      }
      this.paceAt = now + nextMs;
    }
    this.lookNext = Math.min(this.accessAt, this.paceAt);
  }

  private timedOut(now: number): void {
    if (this.halfClosed) {
      this.letGoOfClient();
    } else if (this.line !== null) {
      const client = this.upstream!.admission.forget(this) === 'client';
      this.fail(client ? 'client_busy' : 'upstream_busy');
    } else if (this.stalledSince !== 0) {
      // The upstream is held back because the client does not read.
      const until = this.stalledSince + this.shared.unreadMs;
      if (now < until) {
        this.idleAt = Math.min(now + this.timeoutMs, until);
        return;
      }
      this.aborted = true;
      this.fail('request_timeout');
    } else {
      const client = this.gathering || (this.answeredAt === 0 && this.body?.awaitsClient === true);
      this.fail(client ? 'request_timeout' : 'upstream_timeout');
    }
  }

  override clientEnded(): void {
    if (this.over || this.halfClosed || this.res.writableEnded) return;
    this.halfClosed = true;
    if (!this.stopped) this.patience(performance.now(), halfClosedMs);
  }

  bodyTooLarge(): void {
    this.fail('body_too_large');
  }

  noRoom(reason: ReasonCode): void {
    this.fail(reason);
  }

  endAccess(reason: ReasonCode): void {
    this.fail(reason);
  }

  override fail(reason: ReasonCode, cause: unknown = null): void {
    this.release();
    super.fail(reason, cause);
  }

  protected override release(): void {
    this.stopped = true;
    this.shared.deadlines.cancel(this);
    if (this.line !== null) this.upstream!.admission.forget(this);
    this.first?.drop();
    this.body?.destroy();
  }
}
