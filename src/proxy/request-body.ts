/**
 * The client's body for the service: counted, limited and measured. Its first part, or all of a short one, is collected in the body buffer
 * before the upstream is used. A slow client then uses bounded memory, and no connection. The rest goes from socket to socket as it
 * arrives.
 */
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { BodySink, BodySource } from '../http1/body.ts';
import type { IncomingBody } from '../http1/server/incoming-body.ts';
import { BodyPace } from './body-pace.ts';
import type { MemoryBudget } from './memory-budget.ts';

export interface RequestBodyOwner {
  /** This many more bytes have arrived. */
  bodyReceived(bytes: number): void;
  /** The body buffer is full, or the body is complete. */
  bodyGathered(): void;
  /** The body is too large, or there is no memory for it. */
  bodyRefused(reason: ReasonCode): void;
}

export interface RequestBodyLimits {
  /** Bytes to buffer before the request is sent; 0: none. */
  readonly bufferBytes: number;
  readonly maxBytes: number;
  /** Minimum bytes per second; 0: any rate. */
  readonly minRate: number;
  readonly graceMs: number;
  readonly memory: MemoryBudget;
  /** Client key that is charged for the memory; null: none. */
  readonly clientKey: string | null;
}

const maxParts = 256;

export class RequestBody implements BodySource, BodySink {
  readonly pace: BodyPace;
  readonly #source: IncomingBody;
  readonly #owner: RequestBodyOwner;
  readonly #limits: RequestBodyLimits;
  /** Buffered parts that are not yet handed on. */
  #gathered: Buffer[] = [];
  #gatheredBytes = 0;
  /** Bytes that are charged to the memory budget. */
  #chargedBytes = 0;
  #receivedBytes = 0;
  #sink: BodySink | null = null;
  #over = false;

  constructor(source: IncomingBody, owner: RequestBodyOwner, limits: RequestBodyLimits) {
    this.#source = source;
    this.#owner = owner;
    this.#limits = limits;
    this.pace = new BodyPace(limits.minRate, limits.graceMs);
  }

  /** Part of it has not arrived yet. */
  get pending(): boolean {
    return !this.#source.complete;
  }

  /** All received bytes are handed on and more are expected: the service waits for the client. */
  get awaitsClient(): boolean {
    return this.#source.flowing && !this.#source.complete && !this.#over;
  }

  /** Starts reading; `bodyGathered` follows. */
  gather(): void {
    if (this.#limits.bufferBytes === 0) {
      this.#owner.bodyGathered();
      return;
    }
    this.pace.wait(performance.now());
    this.#source.start(this);
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
    this.#limits.memory.give(this.#chargedBytes, this.#limits.clientKey);
    this.#chargedBytes = 0;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    const gathered = this.#gathered;
    this.#gathered = [];
    // So few bytes that all of them are handed over, even to a paused sink.
    for (const part of gathered) sink.take(part, false);
    if (this.#over) return;
    this.pace.wait(performance.now());
    if (this.#source.started) this.#source.resume();
    else this.#source.start(this);
  }

  pause(): void {
    if (this.#over) return;
    this.pace.hold(performance.now());
    this.#source.pause();
  }

  resume(): void {
    if (this.#over || this.#sink === null || this.#source.complete) return;
    this.pace.wait(performance.now());
    this.#source.resume();
  }

  /** The service accepts no more: the client is paused. */
  stop(): void {
    this.#sink = null;
    this.pause();
  }

  take(part: Buffer, ownMemory: boolean): void {
    const { maxBytes, bufferBytes } = this.#limits;
    this.#receivedBytes += part.length;
    this.#owner.bodyReceived(part.length);
    this.pace.arrived(part.length);
    if (this.#receivedBytes > maxBytes) {
      this.#owner.bodyRefused('body_too_large');
    } else if (this.#sink !== null) {
      this.#sink.take(part, ownMemory);
    } else if (this.#charge(part)) {
      this.#gathered.push(part);
      // Each part costs some hundred bytes of overhead, and may contain only one.
      if (this.#gathered.length === maxParts) this.#gathered = [Buffer.concat(this.#gathered)];
      this.#gatheredBytes += part.length;
      if (this.#source.complete) return;
      if (this.#gatheredBytes < bufferBytes) return;
      this.pause();
      this.#owner.bodyGathered();
    }
  }

  #charge(part: Buffer): boolean {
    const refused = this.#limits.memory.take(part.length, this.#limits.clientKey);
    if (refused === null) this.#chargedBytes += part.length;
    else this.#owner.bodyRefused(refused);
    return refused === null;
  }

  end(): void {
    this.pace.hold(performance.now());
    if (this.#over) return;
    const sink = this.#sink;
    this.#sink = null;
    if (sink !== null) sink.end();
    else this.#owner.bodyGathered();
  }

  /** The request has ended. The connection drops the rest of the body: a cut body must not look complete. */
  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sink = null;
    this.#gathered = [];
    this.handedOn();
    this.#source.stop();
  }
}
