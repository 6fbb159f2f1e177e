/**
 * The client's body for the service: counted, limited and measured. Its first part, or all of a short one, is collected in the body buffer
 * before the upstream is used. A slow client then uses bounded memory, and no connection of the pool. The rest goes from socket to socket
 * as it arrives. A body of unknown length that does not end soon is handed on at once, if there is room for it outside of the pool.
 */
import type { Route } from '../core/routing/route.ts';
import type { BodySink, BodySource, ReceivedBody } from '../http1/body.ts';
import type { Deadline } from '../http1/deadline-wheel.ts';
import type { RequestContext } from '../request-line/request-context.ts';
import { ClientPace } from './client-pace.ts';
import type { ExchangeParts } from './exchange-parts.ts';

export interface RequestBodyOwner {
  /** More of it has arrived. */
  bodyReceived(): void;
  /** The body buffer is full, or the body is complete. */
  bodyGathered(): void;
  /** The body has no known length, and its end does not arrive. True: it is sent as it arrives; false: it is still to be gathered. */
  bodyTrickles(): boolean;
  /** The request holds a connection for which others wait. */
  readonly blocksOthers: boolean;
}

/** `bodyBufferBytes`: bytes to buffer before the request is sent; 0: none. `bodyRate`: bytes per second; 0: any rate. */
export type RequestBodyBounds = Pick<Route, 'bodyBufferBytes' | 'maxBodyBytes' | 'bodyRate'>;

const maxParts = 256;
/** Time in which a body of unknown length may end before it is handed on as it arrives. */
const trickleMs = 100;
/** Time between two attempts, if there was no room. */
const retryMs = 1_000;

/** A body that is too large or too slow, or for which there is no memory, fails the request. */
export class RequestBody implements BodySource, BodySink, Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #source: ReceivedBody;
  readonly #context: RequestContext;
  readonly #bounds: RequestBodyBounds;
  readonly #parts: ExchangeParts;
  readonly #owner: RequestBodyOwner;
  readonly #pace: ClientPace;
  /** Client key that is charged for the memory; null: none. */
  readonly #clientKey: string | null;
  /** Buffered parts that are not yet handed on. */
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  /** Bytes that are charged to the memory budget. */
  #chargedBytes = 0;
  #receivedBytes = 0;
  #sink: BodySink | null = null;
  #gathering = false;
  #over = false;

  constructor(
    source: ReceivedBody,
    context: RequestContext,
    bounds: RequestBodyBounds,
    parts: ExchangeParts,
    owner: RequestBodyOwner,
  ) {
    this.#source = source;
    this.#context = context;
    this.#bounds = bounds;
    this.#parts = parts;
    this.#owner = owner;
    this.#pace = new ClientPace(bounds.bodyRate, parts.bodyGraceMs, 0);
    this.#clientKey = context.memoryKey;
  }

  /** All received bytes are handed on and more are expected: the service waits for the client. */
  get awaitsClient(): boolean {
    return this.#source.flowing && !this.#source.complete && !this.#over;
  }

  /** Starts reading; `bodyGathered` follows. */
  gather(): void {
    const { request, response } = this.#context;
    if (request.expect === 'continue') response.writeContinue();
    if (this.#bounds.bodyBufferBytes === 0) {
      this.#owner.bodyGathered();
    } else {
      this.#pace.wait(performance.now());
      this.#gathering = true;
      this.#source.start(this);
    }
    // Most bodies have arrived with their head.
    if (this.#over || this.#source.complete) return;
    const now = performance.now();
    if (this.#trickles) this.#parts.deadlines.schedule(this, now + trickleMs);
    else this.#measure(now);
  }

  /** It is gathered, without a known end. */
  get #trickles(): boolean {
    return this.#gathering && this.#source.length < 0;
  }

  /** The whole body, if the buffer contains it; the memory stays charged until `handedOn`. */
  whole(): Buffer | null {
    if (!this.#source.complete) return null;
    const parts = this.#gathered;
    this.#gathered = [];
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The buffered bytes have been sent. */
  handedOn(): void {
    this.#parts.memory.give(this.#chargedBytes, this.#clientKey);
    this.#chargedBytes = 0;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const gathered = this.#gathered;
    this.#gathered = [];
    // So few bytes that all of them are handed over, even to a paused sink.
    for (const part of gathered) sink.take(part, false);
    if (this.#over) return;
    this.#pace.wait(performance.now());
    if (this.#source.started) this.#source.resume();
    else this.#source.start(this);
  }

  pause(): void {
    if (this.#over) return;
    this.#pace.hold(performance.now());
    this.#source.pause();
  }

  resume(): void {
    if (this.#over || this.#sink === null || this.#source.complete) return;
    this.#pace.wait(performance.now());
    this.#source.resume();
  }

  /** The service accepts no more: the client is paused. */
  stop(): void {
    this.#sink = null;
    this.pause();
  }

  take(part: Buffer, ownMemory: boolean): void {
    const { maxBodyBytes, bodyBufferBytes } = this.#bounds;
    this.#receivedBytes += part.length;
    this.#context.bytesIn += part.length;
    this.#owner.bodyReceived();
    if (this.#receivedBytes > maxBodyBytes) {
      this.#context.fail('body_too_large');
    } else if (this.#sink !== null) {
      this.#sink.take(part, ownMemory);
    } else if (this.#charge(part)) {
      this.#gathered.push(part);
      // Each part costs some hundred bytes of overhead, and may contain only one.
      if (this.#gathered.length === maxParts) this.#gathered = [Buffer.concat(this.#gathered)];
      this.#gatheredBytes += part.length;
      if (this.#source.complete) return;
      if (this.#gatheredBytes < bodyBufferBytes) return;
      this.#gathering = false;
      this.pause();
      this.#owner.bodyGathered();
    }
  }

  #charge(part: Buffer): boolean {
    const refused = this.#parts.memory.take(part.length, this.#clientKey);
    if (refused === null) this.#chargedBytes += part.length;
    else this.#context.fail(refused);
    return refused === null;
  }

  end(): void {
    this.#pace.hold(performance.now());
    this.#parts.deadlines.cancel(this);
    if (this.#over) return;
    const sink = this.#sink;
    const gathering = this.#gathering;
    this.#sink = null;
    this.#gathering = false;
    if (sink !== null) sink.end();
    // Without a sink it may also have been stopped: the service accepts no more of it.
    else if (gathering) this.#owner.bodyGathered();
  }

  /** It does not end, or its rate is due to be measured. */
  onDeadline(): void {
    if (this.#trickles && this.#owner.bodyTrickles()) {
      this.#gathering = false;
      this.pause();
    }
    if (!this.#over) this.#measure(performance.now());
  }

  #measure(now: number): void {
    const nextMs = this.#pace.measure(now, this.#receivedBytes, this.#owner.blocksOthers);
    const dueMs = this.#trickles ? retryMs : Number.POSITIVE_INFINITY;
    if (nextMs === null) this.#context.fail('request_timeout');
    else if (Math.min(nextMs, dueMs) < Number.POSITIVE_INFINITY)
      this.#parts.deadlines.schedule(this, now + Math.min(nextMs, dueMs));
  }

  /** The request has ended. The connection drops the rest of the body: a cut body must not look complete. */
  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#parts.deadlines.cancel(this);
    this.#sink = null;
    this.#gathered = [];
    this.handedOn();
    this.#source.stop();
  }
}
