/** The bytes that arrive while a request is served: hands them to the body while it flows, and holds the rest, bounded. */
import type { Duplex } from 'node:stream';
import type { HeldBytes } from './held-bytes.ts';
import type { BodyConnection, IncomingBody } from './incoming-body.ts';
import type { RequestFault } from './request.ts';

export interface InputEvents {
  /** The rest of the body will not arrive. */
  onBodyFault(fault: RequestFault): void;
  /** The client ended its side in the middle of the body. */
  break(): void;
}

export class RequestInput implements BodyConnection {
  /** Body of the current request; null: it has none, or there is no request. */
  body: IncomingBody | null = null;
  /** The client has ended its side. */
  ended = false;
  /** Bytes that followed a request were dropped: the bytes after them cannot be parsed. */
  lost = false;
  readonly #socket: Duplex;
  readonly #maxBytes: number;
  readonly #held: HeldBytes;
  readonly #events: InputEvents;

  constructor(socket: Duplex, maxBytes: number, held: HeldBytes, events: InputEvents) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#held = held;
    this.#events = events;
  }

  read(bytes: Buffer): void {
    const { body } = this;
    if (body?.flowing === true && !body.complete && this.#held.length === 0) {
      this.#readBody(body, bytes);
    } else {
      this.#held.add(bytes);
      this.boundHeld();
    }
  }

  /** Bounds the bytes held during a request, in this connection and in all together. Further bytes are dropped. */
  boundHeld(): void {
    if (!this.#held.charge()) {
      this.lost = true;
      this.#socket.pause();
      if (this.body?.complete === false) this.#bodyFailed('overloaded');
    } else if (this.#held.length > this.#maxBytes || this.body?.missesMoreThan(this.#held.length) === true) {
      this.#socket.pause();
    }
  }

  #readBody(body: IncomingBody, bytes: Buffer): void {
    const taken = body.read(bytes);
    if (taken < 0) this.#bodyFailed('malformed');
    // The sink may have ended the request meanwhile, and with it the connection.
    else if (taken < bytes.length && this.body === body) this.read(bytes.subarray(taken));
  }

  #bodyFailed(fault: RequestFault): void {
    this.failBody();
    this.#events.onBodyFault(fault);
  }

  /** No more of the body is handed on. */
  failBody(): void {
    this.#held.drop();
    if (this.body !== null) this.body.flowing = false;
  }

  resumeBody(): void {
    const { body } = this;
    if (body === null) return;
    if (this.#held.length > 0) this.#readBody(body, this.#held.take());
    if (this.body !== body || !body.flowing || body.complete) return;
    // The client ended its side in the middle of the body: a cut body must not look complete.
    if (this.ended) this.#events.break();
    else if (this.#socket.isPaused()) this.#socket.resume();
  }

  pauseBody(): void {
    if (this.body !== null) this.#socket.pause();
  }
}
