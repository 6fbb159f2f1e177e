/** Turns the bytes of a connection into requests: collects a head, hands on the body while it flows, and holds the rest, bounded. */
import type { Duplex } from 'node:stream';
import type { RequestHead } from '../grammar/request-head.ts';
import { HeadReader } from './head-reader.ts';
import { type ByteBudget, HeldBytes } from './held-bytes.ts';
import { type BodyConnection, IncomingBody } from './incoming-body.ts';
import type { RequestFault } from './request.ts';
import type { ConnectionFault } from './server.ts';

export interface InputEvents {
  /** A complete head arrived. The bytes after it are held. */
  onHead(head: RequestHead): void;
  /** The bytes cannot become a request. */
  onHeadFault(fault: ConnectionFault): void;
  /** The rest of the body will not arrive. */
  onBodyFault(fault: RequestFault): void;
  /** The client ended its side in the middle of the body. */
  break(): void;
}

export class RequestInput implements BodyConnection {
  /** A part of a head, or bytes that arrived during a request. */
  readonly held: HeldBytes;
  /** Body of the current request; null: it has none, or there is no request. */
  body: IncomingBody | null = null;
  /** The client has ended its side. */
  ended = false;
  /** Bytes that followed a request were dropped: the bytes after them cannot be parsed. */
  lost = false;
  readonly #socket: Duplex;
  readonly #maxBytes: number;
  readonly #head: HeadReader;
  readonly #events: InputEvents;

  /** `maxBytes`: limit of a head, and of bytes held during a request. */
  constructor(socket: Duplex, maxBytes: number, budget: ByteBudget, events: InputEvents) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#head = new HeadReader(maxBytes);
    this.#events = events;
    this.held = new HeldBytes(budget);
  }

  /** Part of the current body has not arrived. */
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

  /** Bounds the bytes held during a request, in this connection and in all together. Further bytes are dropped. */
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

  /** No more of the body is handed on. */
  failBody(): void {
    this.held.drop();
    if (this.body !== null) this.body.flowing = false;
  }

  resumeBody(): void {
    const { body } = this;
    if (body === null) return;
    if (this.held.length > 0) this.#readBody(body, this.held.take());
    if (this.body !== body || !body.flowing || body.complete) return;
    // The client ended its side in the middle of the body: a cut body must not look complete.
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
