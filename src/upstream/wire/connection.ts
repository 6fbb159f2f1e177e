/**
 * One connection to a target: writes one request at a time and reads its answer. What the pool and the exchange need to
 * know of a connection stands here: how many requests it carried, and whether it can carry another.
 */
import type { Socket } from 'node:net';
import type { AnswerMemory } from '../answer-memory.ts';
import { hasOwnMemory, letGo } from '../part-memory.ts';
import { AnswerReader } from './answer-reader.ts';
import { type HopFailure, hopError } from './hop-error.ts';
import { requestHead } from './request-head.ts';
import { leaveWithTurn } from './request-turn.ts';

/** A body that comes in parts. */
export interface HopBody {
  /** Hands over what came, and from now on what comes. */
  start(taker: BodyTaker): void;
  /** The taker has enough; a part that is under way may still come. */
  pause(): void;
  resume(): void;
  /** Nothing is handed over any more. */
  stop(): void;
}

export interface BodyTaker {
  /** The part is the taker's: its memory may be let go once it is written. */
  takePart(part: Buffer): void;
  /** The last call: the body is whole. */
  endBody(): void;
}

/** A request as it goes to the target. */
export interface HopRequest {
  readonly method: string;
  /** Path and query as they go into the request line. */
  readonly path: string;
  /**
   * Names and values in turn, without hop-by-hop headers. A body in parts is framed by the `content-length` among them,
   * or else in chunks; bytes by their own length.
   */
  readonly headers: readonly string[];
  body: HopBody | Buffer | null;
}

/** What an exchange can do to the connection on which its request runs. */
export interface HopControl {
  /** Requests that the connection carried before this one. */
  readonly carried: number;
  /** Of all answers with the bytes that the head of this one has; null: it is not kept. */
  readonly memory: AnswerMemory | null;
  /** Not a byte of the request has been written; it stays so when the connection has ended. */
  readonly unsent: boolean;
  pause(): void;
  resume(): void;
  /** Closes the connection; nothing of the exchange is reported any more. */
  abort(): void;
}

/** Follows one request; every call after `onRequestStart` comes from the connection it names. */
export interface HopHandler {
  /** The request is about to be written. False: it is not wanted any more. */
  onRequestStart(control: HopControl): boolean;
  /** Bytes of the request's body were written. */
  onBodySent(): void;
  /** The first byte of an answer came. */
  onResponseStarted(): void;
  /** The head of the final answer; `rawHeaders` are names and values in turn. */
  onResponseStart(control: HopControl, status: number, statusText: string, rawHeaders: readonly string[]): void;
  /** `chunk` is the handler's to keep. */
  onResponseData(control: HopControl, chunk: Buffer): void;
  /** What came is read, and the answer is not whole. */
  onResponseWaits(): void;
  /** The answer is whole. */
  onResponseEnd(): void;
  /** No whole answer will come; `onRequestStart` may not have been called. The last call, as `onResponseEnd` is. */
  onResponseError(error: Error): void;
}

/** What a connection tells its pool. */
export interface ConnectionOwner {
  /** The request is over, and another one may follow. */
  free(connection: Connection): void;
  /** No request can follow. */
  gone(connection: Connection): void;
}

export class Connection implements HopControl, BodyTaker {
  carried = -1;
  /** Moment of `performance.now()` until which it may stay idle. */
  idleUntilMs = 0;
  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #host: string;
  readonly #oneRequest: boolean;
  readonly #idleMs: number;
  /** What is written is still read after the write. */
  readonly #encrypted: boolean;
  readonly #reader = new AnswerReader();
  #handler: HopHandler | null = null;
  #body: HopBody | null = null;
  #bodyChunked = false;
  /** The head of a request that has not left. */
  #waiting: string | null = null;
  #destroyed = false;

  constructor(socket: Socket, owner: ConnectionOwner, host: string, oneRequest: boolean, idleMs: number) {
    this.socket = socket;
    this.#encrypted = 'encrypted' in socket;
    this.#owner = owner;
    this.#host = host;
    this.#oneRequest = oneRequest;
    this.#idleMs = idleMs;
    socket.on('error', (error) => this.#end(hopError('broken', error)));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#end(hopError('closed')));
    socket.on('drain', () => this.#body?.resume());
  }

  get memory(): AnswerMemory | null {
    return this.#reader.memory;
  }

  /** Whether nothing has been heard of its end. */
  get usable(): boolean {
    return !this.#destroyed && this.socket.writable;
  }

  get unsent(): boolean {
    return this.#waiting !== null;
  }

  /** Sends a request; the connection is idle. False: it was not wanted, and the connection is as before. */
  send(request: HopRequest, handler: HopHandler): boolean {
    const head = requestHead(request, this.#host, this.#oneRequest);
    if (head === null) {
      handler.onResponseError(hopError('unsendable'));
      return false;
    }
    this.carried += 1;
    if (!handler.onRequestStart(this)) {
      this.carried -= 1;
      return false;
    }
    this.#handler = handler;
    this.#reader.expect(request.method);
    if (request.body === null) {
      this.#waiting = head.text;
      leaveWithTurn(this);
    } else if (Buffer.isBuffer(request.body)) {
      this.socket.cork();
      this.socket.write(head.text, 'latin1');
      this.socket.write(request.body);
      this.socket.uncork();
      handler.onBodySent();
    } else {
      this.#body = request.body;
      this.#bodyChunked = head.chunked;
      this.#sendBody(head.text, request.body);
    }
    return true;
  }

  /** The request that waits for the end of the turn, if it is still wanted. */
  leave(): void {
    const text = this.#waiting;
    this.#waiting = null;
    if (text !== null && !this.#destroyed) this.socket.write(text, 'latin1');
  }

  /** Bytes that the target sent. They are read within the call: `bytes` may be used again afterwards. */
  received(bytes: Buffer, reused: boolean): void {
    const handler = this.#handler;
    if (handler === null || this.#waiting !== null) {
      // Nobody asked: whatever it is, the next answer could be taken for another one's.
      this.#end(hopError('answer_invalid'));
      return;
    }
    const failure = this.#reader.read(bytes, reused, handler, this);
    // The handler may have aborted meanwhile.
    if (this.#handler !== handler) return;
    if (failure !== null) this.#end(hopError(failure));
    else if (!this.#reader.whole) handler.onResponseWaits();
    // A read that filled its buffer may have left more behind, of which nothing is known yet.
    else this.#finish(handler, reused && bytes.length === bytes.buffer.byteLength);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  abort(): void {
    this.#handler = null;
    this.destroy();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#dropBody();
    this.socket.destroy();
    this.#owner.gone(this);
  }

  #sendBody(head: string, body: HopBody): void {
    // The head leaves with what is there of the body.
    this.socket.cork();
    this.socket.write(head, 'latin1');
    body.start(this);
    this.socket.uncork();
  }

  takePart(chunk: Buffer): void {
    const { socket } = this;
    let more: boolean;
    if (this.#bodyChunked) {
      socket.cork();
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      socket.write(chunk);
      more = socket.write('\r\n', 'latin1');
      socket.uncork();
    } else {
      more = socket.write(chunk);
    }
    if (socket.writableLength === 0 && !this.#encrypted && hasOwnMemory(chunk)) letGo(chunk);
    if (!more) this.#body?.pause();
    this.#handler?.onBodySent();
  }

  endBody(): void {
    this.#body = null;
    if (this.#bodyChunked) this.socket.write('0\r\n\r\n', 'latin1');
    // The answer may have come first.
    if (this.#handler === null && !this.#destroyed) this.#end(hopError('closed'));
  }

  #dropBody(): void {
    const body = this.#body;
    this.#body = null;
    body?.stop();
  }

  /** `more`: bytes may be there that have not been read. */
  #finish(handler: HopHandler, more: boolean): void {
    this.#handler = null;
    const { keepAlive, keepAliveMs, rest } = this.#reader;
    // Answered before all of the request was sent, or more came than the answer: what follows on it could be misread.
    const sent = this.#body === null && this.socket.writableLength === 0;
    const reusable = keepAlive && !rest && !more && sent && !this.#oneRequest && this.usable;
    if (reusable) {
      const idleMs = keepAliveMs > 0 ? Math.min(keepAliveMs - hintMarginMs, maxIdleMs) : this.#idleMs;
      if (idleMs > 0) {
        this.idleUntilMs = performance.now() + idleMs;
        this.socket.resume();
        // Before the exchange is told: what it starts next may use this connection.
        this.#owner.free(this);
        handler.onResponseEnd();
        return;
      }
    }
    this.destroy();
    handler.onResponseEnd();
  }

  /** The target will send nothing more. */
  #ended(): void {
    const handler = this.#handler;
    if (handler !== null && this.#reader.endsWithConnection) this.#finish(handler, false);
    else this.#end(hopError('closed'));
  }

  #end(error: HopFailure): void {
    const handler = this.#handler;
    this.#handler = null;
    this.destroy();
    handler?.onResponseError(error);
  }
}

/** A hint of the target is believed less this, as the way there takes time. */
const hintMarginMs = 1_000;
const maxIdleMs = 60_000;
