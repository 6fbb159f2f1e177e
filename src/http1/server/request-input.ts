/**
 * The bytes of a connection as requests: gathers a head, hands the body on while it flows, and keeps the rest, bounded, for
 * later.
 */
import type { Duplex } from 'node:stream';
import type { RequestHead } from '../grammar/request-head.ts';
import { HeadReader } from './head-reader.ts';
import { type ByteBudget, HeldBytes } from './held-bytes.ts';
import { type BodyConnection, IncomingBody } from './incoming-body.ts';
import type { RequestFault } from './request.ts';
import type { ConnectionFault } from './server.ts';

export interface InputEvents {
  /** A whole head came. What came behind it waits. */
  onHead(head: RequestHead): void;
  /** What came cannot become a request. */
  onHeadFault(fault: ConnectionFault): void;
  /** The rest of the body will not come. */
  onBodyFault(fault: RequestFault): void;
  /** The client ended its side in the middle of the body. */
  break(): void;
}

export class RequestInput implements BodyConnection {
  /** A part of a head, or what came during a request. */
  readonly held: HeldBytes;
  /** Of the request under way; null: it has none, or there is no request. */
  body: IncomingBody | null = null;
  /** The client has ended its side. */
  ended = false;
  /** Bytes that followed a request were dropped: what comes after them cannot be read. */
  lost = false;
  readonly #socket: Duplex;
  readonly #maxBytes: number;
  readonly #head: HeadReader;
  readonly #events: InputEvents;

  /** `maxBytes`: of a head, and of what waits during a request. */
  constructor(socket: Duplex, maxBytes: number, budget: ByteBudget, events: InputEvents) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#head = new HeadReader(maxBytes);
    this.#events = events;
    this.held = new HeldBytes(budget);
  }

  /** Part of the body under way has not come. */
  get bodyMissing(): boolean {
    return this.body !== null && !this.body.complete;
  }

  readHead(bytes: Buffer): void {
    const all = this.held.with(bytes);
    const head = this.#head.read(all);
    if (head === null) {
      this.held.set(all.subarray(this.#head.start));
      if (!this.held.charge()) this.#events.onHeadFault('overloaded');
    } else if (typeof head === 'string') {
      this.#events.onHeadFault(head);
    } else {
      this.held.set(all.subarray(this.#head.end));
      this.body = head.bodyLength === 0 ? null : new IncomingBody(this, head.bodyLength);
      this.#events.onHead(head);
    }
  }

  readDuringRequest(bytes: Buffer): void {
    const { body } = this;
    if (body?.flowing === true && !body.complete && this.held.length === 0) {
      this.#readBody(body, bytes);
    } else {
      this.held.add(bytes);
      this.boundHeld();
    }
  }

  /** Bounds what waits during a request: in this connection, and in all of them together. Beyond that it is dropped. */
  boundHeld(): void {
    if (!this.held.charge()) {
      this.lost = true;
      this.#socket.pause();
      if (this.bodyMissing) this.#bodyFailed('overloaded');
    } else if (this.held.length > this.#maxBytes || this.body?.missesMoreThan(this.held.length) === true) {
      this.#socket.pause();
    }
  }

  #readBody(body: IncomingBody, bytes: Buffer): void {
    const taken = body.read(bytes);
    if (taken < 0) this.#bodyFailed('malformed');
    // The sink may have ended the request meanwhile, and with it the connection.
    else if (taken < bytes.length && this.body === body) this.readDuringRequest(bytes.subarray(taken));
  }

  #bodyFailed(fault: RequestFault): void {
    this.failBody();
    this.#events.onBodyFault(fault);
  }

  /** Nothing of the body is handed on any more. */
  failBody(): void {
    this.held.drop();
    if (this.body !== null) this.body.flowing = false;
  }

  resumeBody(): void {
    const { body } = this;
    if (body === null) return;
    if (this.held.length > 0) this.#readBody(body, this.held.take());
    if (this.body !== body || !body.flowing || body.complete) return;
    // The client ended its side in the middle of the body: a cut body must not look whole.
    if (this.ended) this.#events.break();
    else this.resume();
  }

  pauseBody(): void {
    if (this.body !== null) this.#socket.pause();
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume();
  }
}
