/**
 * One client connection: bytes to requests, one at a time. The next head is not parsed before the previous response is written (RFC 9112
 * section 9.3.2: pipelined requests must not overlap), and early bytes are bounded.
 *
 * | phase     | arriving bytes                        | ends with                                                  |
 * |-----------|---------------------------------------|------------------------------------------------------------|
 * | head      | are collected into a head             | complete head -> request; fault, timeout -> over           |
 * | request   | go to the body if it flows, or wait   | response written -> head, discard or over; upgrade -> over |
 * | discard   | are the rest of an unneeded body      | its end -> head; too much, too slow -> over                |
 * | over      | belong to a tunnel, or are dropped by `LingeringClose` |                                           |
 */
import type { Duplex } from 'node:stream';
import type { Deadline } from '../deadline-wheel.ts';
import type { RequestHead } from '../grammar/request-head.ts';
import { HeadReader } from './head-reader.ts';
import { HeldBytes } from './held-bytes.ts';
import { type BodyConnection, IncomingBody, maxDiscardBytes } from './incoming-body.ts';
import { ReadingClient, type ReadingEvents } from './reading-client.ts';
import type { RequestFault } from './request.ts';
import { Response, type ResponseConnection } from './response.ts';
import type { ConnectionFault, ConnectionHost, DefaultField, OpenConnection } from './server.ts';

/** First byte of a TLS record with a handshake (RFC 8446 section 5.1). */
const tlsHandshake = 0x16;
/** Longest time to read the rest of an unneeded body. */
const maxDiscardMs = 1_000;

type Phase = 'head' | 'request' | 'discard' | 'over';

/** `C`: the server's user data of a connection. */
export class Connection<C> implements Deadline, BodyConnection, OpenConnection<C>, ReadingEvents, ResponseConnection {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly socket: Duplex;
  readonly client: C;
  readonly keepAliveFields: string;
  readonly defaultField: DefaultField | null;
  /** Requests so far. */
  requests = 0;
  readonly #host: ConnectionHost<C>;
  /** A part of a head, or bytes that arrived during a request. */
  readonly #buffer: HeldBytes;
  readonly #head: HeadReader;
  /** Null: the client has read everything so far, and has not ended its side. */
  #reading: ReadingClient | null = null;
  #phase: Phase = 'head';
  /** Body of the current request; null: it has none, or there is no request. */
  #body: IncomingBody | null = null;
  /** The client has ended its side. */
  #ended = false;
  /** Bytes that followed a request were dropped: the bytes after them cannot be parsed. */
  #lost = false;
  #response: Response | null = null;
  /** The connection ends with the current response. */
  #last = false;
  /** When the first byte of the current request arrived; 0: not yet. */
  #beganAt = 0;
  #discarded = 0;

  constructor(socket: Duplex, client: C, host: ConnectionHost<C>) {
    this.socket = socket;
    this.client = client;
    this.#host = host;
    this.keepAliveFields = host.keepAliveFields;
    this.defaultField = host.defaultField(client);
    const take = (bytes: number) => host.hold(bytes, client);
    const give = (bytes: number) => host.release(bytes, client);
    this.#buffer = new HeldBytes({ take, give });
    this.#head = new HeadReader(host.headBytes);
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    // For the whole life of the socket, tunnels included: `close` follows an error.
    socket.on('error', () => {});
    socket.on('close', this.#onClose);
    this.#wakeIn(host.headTimeoutMs);
  }

  /** While draining: ends it if it is idle. A connection without a request so far may be about to send one. */
  endIdle(): void {
    if (this.#phase === 'head' && this.requests > 0 && !this.hasMore) this.socket.destroy();
  }

  /** Ends it at once. A response in progress is cut, and must not look complete. */
  break(): void {
    if (this.#response === null) this.socket.destroy();
    else this.#response.break();
  }

  closesAfter(): boolean {
    // Requests that have already arrived are served before the end.
    return this.#last || this.#lost || this.#missesMuch || (this.#host.ending && !this.hasMore);
  }

  get hasMore(): boolean {
    return this.#buffer.length > 0;
  }

  /** Part of the current body has not arrived. */
  get #bodyMissing(): boolean {
    return this.#body?.complete === false;
  }

  /** Too much of the current body has not arrived to read it after the response. */
  get #missesMuch(): boolean {
    return this.#body?.missesMoreThan(maxDiscardBytes) === true;
  }

  get #serving(): boolean {
    return this.#phase === 'request';
  }

  get #reader(): ReadingClient {
    this.#reading ??= new ReadingClient(this.socket, this.#host, this);
    return this.#reading;
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase === 'head') this.#readHead(bytes);
    else if (this.#phase === 'request') this.#readInput(bytes);
    else this.#discard(bytes);
  };

  #readHead(bytes: Buffer): void {
    if (this.#beganAt === 0) {
      this.#beganAt = performance.now();
      if (this.requests > 0) this.#wakeIn(this.#host.headTimeoutMs);
    }
    const isTls = bytes[0] === tlsHandshake && this.requests === 0 && !this.hasMore;
    const all = this.#buffer.with(bytes);
    const head = isTls ? 'tls' : this.#head.read(all);
    if (typeof head === 'string') {
      this.#refuse(head);
      return;
    }
    this.#buffer.set(all, head === null ? this.#head.start : this.#head.end);
    if (head !== null) this.#serve(head);
    else if (!this.#buffer.charge()) this.#refuse('overloaded');
  }

  #serve(head: RequestHead): void {
    const { requestsPerConnection, requestTimeoutMs, deadlines, ended } = this.#host;
    this.requests += 1;
    this.#phase = 'request';
    const body = head.bodyLength === 0 ? null : new IncomingBody(this, head.bodyLength);
    this.#body = body;
    const response = new Response(this, head);
    this.#response = response;
    this.#last = !head.keepAlive || (requestsPerConnection > 0 && this.requests >= requestsPerConnection);
    if (this.#last && head.keepAlive) ended.requests += 1;
    if (body !== null && requestTimeoutMs > 0) deadlines.schedule(this, this.#beganAt + requestTimeoutMs);
    this.#host.onRequest({ ...head, body }, response, this.client, this);
    if (!this.#serving) return;
    if (this.hasMore) this.#boundHeld();
    if (this.#ended) this.#reader.ended();
  }

  /** Refuses bytes that are not a request; the connection ends. */
  #refuse(fault: ConnectionFault): void {
    const bytes = this.#host.refusal(fault, this.client);
    if (bytes !== null && this.socket.writable) this.socket.write(bytes, 'latin1');
    this.#close();
  }

  /** During a request: to its body while that flows; otherwise they wait, bounded. */
  #readInput(bytes: Buffer): void {
    const body = this.#body;
    if (body?.flowing === true && !body.complete && !this.hasMore) {
      this.#readBody(body, bytes);
    } else {
      this.#buffer.add(bytes);
      this.#boundHeld();
    }
  }

  /** Bounds the bytes held during a request, in this connection and in all together. Further bytes are dropped. */
  #boundHeld(): void {
    if (!this.#buffer.charge()) {
      this.#lost = true;
      this.socket.pause();
      if (this.#bodyMissing) this.#failRequest('overloaded');
    } else if (this.#buffer.length > this.#host.headBytes || this.#body?.missesMoreThan(this.#buffer.length) === true) {
      this.socket.pause();
    }
  }

  #readBody(body: IncomingBody, bytes: Buffer): void {
    const taken = body.read(bytes);
    if (taken < 0) this.#failRequest('malformed');
    // The sink may have ended the request meanwhile, and with it the connection.
    else if (taken < bytes.length && this.#body === body) this.#readInput(bytes.subarray(taken));
  }

  /** The rest of the body will not arrive, and no more of it is handed on. */
  #failRequest(fault: RequestFault): void {
    this.#buffer.drop();
    if (this.#body !== null) this.#body.flowing = false;
    this.#last = true;
    this.#response?.events?.requestFailed(fault);
  }

  resumeBody(): void {
    const body = this.#body;
    if (body === null) return;
    if (this.hasMore) this.#readBody(body, this.#buffer.take());
    if (this.#body !== body || !body.flowing || body.complete) return;
    // The client ended its side in the middle of the body: a cut body must not look complete.
    if (this.#ended) this.break();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  pauseBody(): void {
    if (this.#body !== null) this.socket.pause();
  }

  /** See `Response`. */
  responded(last: boolean): void {
    this.#response = null;
    this.#reading?.stop();
    this.#beganAt = 0;
    if (last || this.#last || this.#lost) this.#close();
    else if (this.#bodyMissing) this.#beginDiscarding();
    else this.#next(this.#buffer.take());
  }

  #next(bytes: Buffer): void {
    this.#phase = 'head';
    this.#body = null;
    if (this.socket.isPaused()) this.socket.resume();
    if (bytes.length > 0) {
      this.#readHead(bytes);
      // An incomplete request can no longer be completed.
      if (!this.#serving && this.#ended) this.socket.destroy();
    } else if (this.#ended || this.#host.draining) {
      this.#close();
    } else {
      this.#wakeIn(this.#host.keepAliveMs);
    }
  }

  #beginDiscarding(): void {
    this.#phase = 'discard';
    this.#discarded = 0;
    this.#wakeIn(maxDiscardMs);
    this.#body!.stop();
    this.socket.resume();
    if (this.hasMore) this.#discard(this.#buffer.take());
  }

  #discard(bytes: Buffer): void {
    const body = this.#body!;
    const taken = body.read(bytes);
    this.#discarded += taken < 0 ? bytes.length : taken;
    if (taken < 0 || this.#discarded > maxDiscardBytes) this.#close();
    else if (body.complete) this.#next(bytes.subarray(taken));
  }

  /** Ends it so that the client can still read what was written. */
  #close(): void {
    this.#leave();
    this.#body = null;
    this.#buffer.drop();
    this.#host.lingering.close(this.socket, this.#host.clientKey(this.client));
  }

  /** From now on, the socket belongs to a tunnel or to its closing. */
  #leave(): void {
    this.#phase = 'over';
    this.#response = null;
    this.#reading?.stop();
    this.#host.deadlines.cancel(this);
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onEnd);
    this.socket.off('drain', this.#onDrain);
  }

  #wakeIn(ms: number): void {
    this.#host.deadlines.schedule(this, performance.now() + ms);
  }

  onDeadline(): void {
    switch (this.#phase) {
      case 'head':
        // A browser connects in advance, and a check of a port sends nothing: neither is a request.
        if (this.#beganAt > 0) {
          this.#refuse('timeout');
        } else {
          this.#host.ended.idle += 1;
          this.socket.destroy();
        }
        break;
      case 'request':
        // It may be left from an earlier phase, if this request has no limit of its own.
        if (this.#host.requestTimeoutMs > 0 && this.#bodyMissing && this.#response?.status === 0) {
          this.#failRequest('timeout');
        }
        break;
      case 'discard':
        this.#close();
    }
  }

  onUnread(): void {
    this.#host.ended.unread += 1;
    this.#response?.events?.requestFailed('unread');
    this.onGone();
  }

  onGone(): void {
    this.#response?.break();
  }

  /** See `Response`. */
  unread(): void {
    this.#reader.wrote();
  }

  readonly #onDrain = (): void => {
    this.#reading?.drained();
    this.#response?.events?.drained();
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    if (!this.#serving) this.socket.end();
    else if (!this.#bodyMissing) this.#reader.ended();
    // The held bytes may be the rest of the body.
    else if (!this.hasMore) this.break();
  };

  readonly #onClose = (): void => {
    this.#reading?.stop();
    this.#host.deadlines.cancel(this);
    this.#buffer.drop();
    this.#response?.connectionClosed();
    this.#response = null;
    this.#host.onClose(this);
  };

  detach(): { readonly socket: Duplex; readonly early: Buffer } {
    // A tunnel without its first bytes would be misread.
    if (this.#lost) this.socket.destroy();
    this.#leave();
    this.#host.onDetach(this);
    return { socket: this.socket, early: this.#buffer.take() };
  }
}
