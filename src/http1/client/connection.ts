/**
 * One connection to a server: writes one request at a time and reads its response. For the pool and the handler, it knows how many requests
 * it has carried, and whether it can carry another.
 */
import type { OnReadOpts, Socket } from 'node:net';
import { type BatchedWriter, smallBytes, writeWithBatch } from '../write-batch.ts';
import { BodyWriter } from './body-writer.ts';
import { ClientError } from './client-error.ts';
import { readToItsEnd } from './open-socket.ts';
import type { ConnectionControl, OutgoingRequest, ResponseHandler } from './request.ts';
import { ResponseReader } from './response-reader.ts';
import { writeRequestHead } from './write-request-head.ts';

/** Events of a connection for its pool. */
export interface ConnectionOwner {
  /** The request has ended, and another one may follow once the server has been silent for this long. */
  free(connection: Connection, silenceMs: number): void;
  /** It stays open for its response, and no request can follow. */
  left(connection: Connection): void;
  /** No request can follow. */
  gone(connection: Connection): void;
  /** Bytes arrived that belong to no request. The connection ends: they could be read as the response to another one. */
  unrequested(): void;
}

export interface ConnectionOptions {
  readonly group: string;
  /** The `host` of requests without one. */
  readonly host: string;
  /** It is closed after one request. */
  readonly oneRequest: boolean;
  /** How long it may stay idle if the server does not say. */
  readonly idleMs: number;
}

/** Subtracted from the server's announcement, for the time that a request takes to arrive. */
const hintMarginMs = 1_000;
const maxIdleMs = 60_000;
/**
 * After HEAD, 204 and 304, a faulty server may still send a body, which would be read as the next response, for another user. Such a body
 * follows at once, or when the head is acknowledged (Nagle's algorithm, RFC 9293 section 3.7.4), which Linux delays by 40 ms.
 */
const bodilessSilenceMs = 60;

/** Read buffer of all plain sockets; each read is consumed before the next one on any socket. */
const readBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024);

/** Reads a plain socket into that buffer. Made with the socket, before the connection. */
export class SharedBufferReading implements OnReadOpts {
  readonly buffer: Buffer = readBuffer;
  connection: Connection | null = null;

  readonly callback = (length: number): boolean => {
    this.connection?.received(readBuffer.subarray(0, length), true);
    return true;
  };
}

export class Connection implements ConnectionControl, BatchedWriter {
  carried = -1;
  /** Times (`performance.now()`) since which it is idle, and until which it may stay so. */
  idleSinceMs: number;
  idleUntilMs: number;
  readonly socket: Socket;
  readonly group: string;
  readonly #owner: ConnectionOwner;
  readonly #options: ConnectionOptions;
  readonly #reader = new ResponseReader();
  #handler: ResponseHandler | null = null;
  /** Null: the whole request is written. */
  #body: BodyWriter | null = null;
  /** The text of a request that is not written yet. */
  #waiting: string | null = null;
  #leftPool = false;
  #destroyed = false;
  #readsToItsEnd = false;
  /** Part of the current request was written. */
  #accepted = false;
  /** The server accepts no more of the request. Its response may have arrived before. */
  #refused = false;

  constructor(socket: Socket, owner: ConnectionOwner, options: ConnectionOptions) {
    this.socket = socket;
    this.group = options.group;
    this.#owner = owner;
    this.#options = options;
    // It may be opened for a request that another connection has served meanwhile.
    this.idleSinceMs = performance.now();
    this.idleUntilMs = this.idleSinceMs + options.idleMs;
    socket.on('error', (error) => this.#end(new ClientError('broken', error)));
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onClose);
    socket.on('drain', this.#onDrain);
  }

  /** Whether it has not ended, as far as known. */
  get usable(): boolean {
    return !this.#destroyed && this.socket.writable;
  }

  get unsent(): boolean {
    return this.#waiting !== null;
  }

  /** Sends a request; the connection is idle. False: it was no longer wanted, and the connection is unchanged. */
  send(request: OutgoingRequest, handler: ResponseHandler): boolean {
    const head = writeRequestHead(request, this.#options.host, this.#options.oneRequest);
    if (head === null) {
      handler.onResponseError(new ClientError('unsendable'));
      return false;
    }
    this.carried += 1;
    if (!handler.onRequestStart(this)) {
      this.carried -= 1;
      return false;
    }
    const { body } = request;
    this.#handler = handler;
    this.#accepted = false;
    this.#reader.expect(request);
    if (body === null) {
      this.#batch(head.text);
    } else if (Buffer.isBuffer(body) && body.length <= smallBytes) {
      this.#batch(head.text + body.toString('latin1'));
      handler.onBodySent();
    } else if (Buffer.isBuffer(body)) {
      this.socket.cork();
      this.socket.write(head.text, 'latin1');
      this.socket.write(body);
      this.socket.uncork();
      handler.onBodySent();
    } else {
      const sent = () => this.#handler?.onBodySent();
      if (!this.#readsToItsEnd) readToItsEnd(this.socket, this.#onAccepted, this.#onRefused);
      this.#readsToItsEnd = true;
      this.#body = new BodyWriter(this.socket, body, head.chunked, { sent, whole: () => this.#bodySent() });
      this.#body.start(head.text);
    }
    return true;
  }

  #batch(text: string): void {
    this.#waiting = text;
    writeWithBatch(this);
  }

  writeBatched(): void {
    const text = this.#waiting;
    this.#waiting = null;
    if (text !== null && !this.#destroyed) this.socket.write(text, 'latin1');
  }

  /** Bytes from the server. They are parsed within the call. `reused`: their memory is reused afterwards. */
  received(bytes: Buffer, reused: boolean): void {
    const handler = this.#handler;
    if (handler === null || this.#waiting !== null) {
      if (!this.#destroyed) this.#owner.unrequested();
      this.#end(new ClientError('response_invalid', 'early_bytes'));
      return;
    }
    const failure = this.#reader.read(bytes, reused, handler);
    // The handler may have aborted meanwhile.
    if (this.#handler !== handler) return;
    const { early, whole, head } = this.#reader;
    if (failure !== null) this.#end(failure);
    else if (early !== null) handler.onUpgrade(this, head!.rawHeaders, early);
    // A read that filled its buffer may have left more bytes unread.
    else if (whole) this.#finish(handler, reused && bytes.length === bytes.buffer.byteLength);
    else if (head !== null) handler.onResponseWaits();
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
    this.#body?.stop();
    this.#body = null;
    this.socket.destroy();
    this.#owner.gone(this);
  }

  leavePool(): void {
    if (this.#leftPool || this.#destroyed) return;
    this.#leftPool = true;
    this.#owner.left(this);
  }

  detach(): Socket {
    this.#handler = null;
    this.#destroyed = true;
    const { socket } = this;
    socket.removeAllListeners('data');
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onClose);
    socket.off('drain', this.#onDrain);
    this.#owner.gone(this);
    return socket;
  }

  readonly #onAccepted = (): void => {
    this.#accepted = true;
  };

  /**
   * The rest of the body is not needed. The response is read, or the end of the connection. If not even the head was written, the bytes
   * that wait on a connection that carried other requests respond to one of those.
   */
  readonly #onRefused = (): boolean => {
    if (!this.#accepted && this.carried > 0) return false;
    this.#refused = true;
    this.#body?.stop();
    return true;
  };

  #bodySent(): void {
    this.#body = null;
    // The response may have arrived first.
    if (this.#handler === null && !this.#destroyed) this.#end(new ClientError('closed'));
  }

  /** `more`: there may be unread bytes. */
  #finish(handler: ResponseHandler, more: boolean): void {
    this.#handler = null;
    const { head, rest, bodiless } = this.#reader;
    const { keepAlive, keepAliveMs, announcesContent } = head!;
    // It responded before the whole request was sent, or with extra bytes: later bytes could be misread.
    const sent = this.#body === null && !this.#refused && this.socket.writableLength === 0;
    if (rest) this.#owner.unrequested();
    const clean = keepAlive && !rest && !more && !announcesContent && sent;
    const idleMs = keepAliveMs > 0 ? Math.min(keepAliveMs - hintMarginMs, maxIdleMs) : this.#options.idleMs;
    if (clean && !this.#options.oneRequest && !this.#leftPool && this.usable && idleMs > 0) {
      this.idleSinceMs = performance.now();
      this.idleUntilMs = this.idleSinceMs + idleMs;
      this.socket.resume();
      // Before the handler is called: its next request may use this connection.
      this.#owner.free(this, bodiless ? bodilessSilenceMs : 0);
    } else {
      this.destroy();
    }
    handler.onResponseEnd();
  }

  /** The server will send nothing more. */
  readonly #onEnd = (): void => {
    const handler = this.#handler;
    // A server that no longer accepts the request may have cut its response.
    if (handler !== null && this.#reader.endsWithConnection && !this.#refused) this.#finish(handler, false);
    else this.#end(new ClientError('closed', this.#reader.place));
  };

  readonly #onClose = (): void => this.#end(new ClientError('closed'));
  readonly #onDrain = (): void => this.#body?.resume();

  #end(error: ClientError): void {
    const handler = this.#handler;
    this.#handler = null;
    this.destroy();
    handler?.onResponseError(error);
  }
}
