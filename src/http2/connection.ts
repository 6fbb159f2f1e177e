/**
 * A connection of HTTP/2 (RFC 9113) on a socket whose handshake has agreed on it. Each of its streams is one request and its response, as
 * the server of HTTP/1 yields them; `node:http2` reads the frames. The limits, counts and deadlines of the server apply to it.
 */
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Deadline } from '../http1/deadline-wheel.ts';
import type { ClientResponse } from '../http1/server/client-response.ts';
import type { Request } from '../http1/server/request.ts';
import type { ConnectionHost, OpenConnection } from '../http1/server/server.ts';
import type { ClientBudgets } from './client-budgets.ts';
import { readHead, type StreamHead } from './read-head.ts';
import { StreamBody } from './stream-body.ts';
import { StreamResponse } from './stream-response.ts';

/** Requests of one connection at once. */
const maxStreams = 100;
/** What a client may send on a stream before it is read: the default of RFC 9113, so that no client has to wait for our settings. */
const windowBytes = 65_535;
/** After GOAWAY, an idle client closes the connection itself. */
const leaveMs = 2_000;
/** Of each field in the size of a list (RFC 9113 section 6.5.2), and what HTTP/1 writes instead. */
const fieldOverhead = 32;
const endStream = constants.NGHTTP2_FLAG_END_STREAM;

export interface Http2Parts<C> {
  readonly budgets: ClientBudgets;
  /** Maximum number of headers. */
  readonly headers: number;
  /** Connections with the same key share budgets; null: it has none. */
  budgetKey(client: C): string | null;
  onRequest(request: Request, response: ClientResponse, client: C): void;
  /** A request that is refused regardless of its meaning. */
  onFault(
    request: Request,
    response: ClientResponse,
    client: C,
    fault: NonNullable<StreamHead['fault']> | 'overloaded',
  ): void;
}

/** `C`: the server's user data of a connection. */
export class Http2Connection<C> implements Deadline, OpenConnection<C> {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly socket: Duplex;
  readonly client: C;
  readonly #host: ConnectionHost<C>;
  readonly #parts: Http2Parts<C>;
  readonly #key: string | null;
  readonly #session: ServerHttp2Session;
  readonly #open = new Set<StreamResponse>();
  #requests = 0;

  constructor(socket: Duplex, client: C, host: ConnectionHost<C>, parts: Http2Parts<C>) {
    this.socket = socket;
    this.client = client;
    this.#host = host;
    this.#parts = parts;
    this.#key = parts.budgetKey(client);
    parts.budgets.connected(this.#key);
    socket.on('error', () => {});
    socket.once('close', () => this.#onClose());
    this.#session = performServerHandshake(socket, {
      settings: {
        enablePush: false,
        maxConcurrentStreams: maxStreams,
        initialWindowSize: windowBytes,
        // What exceeds it is reset; what exceeds the limits of a request before that is refused with 431.
        maxHeaderListSize: 2 * host.headBytes + parts.headers * fieldOverhead,
      },
      // One more is enough to see that there are too many; with the pseudo headers.
      maxHeaderListPairs: parts.headers + 6,
      maxSessionInvalidFrames: 100,
    });
    const session = this.#session;
    session.on('error', () => {});
    session.on('stream', (stream, _headers, flags, fields) => this.#onStream(stream, flags, fields));
    session.on('ping', () => this.#onControl());
    session.on('remoteSettings', () => this.#onControl());
    this.#wakeIn(host.headTimeoutMs);
  }

  endIdle(): void {
    this.#leave();
  }

  break(): void {
    for (const response of this.#open) response.break();
    this.socket.destroy();
  }

  #onStream(stream: ServerHttp2Stream, flags: number, fields: readonly string[]): void {
    stream.on('error', () => {});
    if (stream.destroyed || stream.closed) {
      this.#countReset();
      return;
    }
    if (!this.#parts.budgets.opens(this.#key)) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM);
      this.#countReset();
      return;
    }
    this.#begin(stream, readHead(fields, (flags & endStream) !== 0, this.#host.headBytes));
  }

  #begin(stream: ServerHttp2Stream, { head, fault }: StreamHead): void {
    const { requestsPerConnection, deadlines, unreadTimeoutMs, ended } = this.#host;
    // A body that waits is bounded by the window of its stream.
    const heldBytes = head.bodyLength < 0 ? windowBytes : Math.min(head.bodyLength, windowBytes);
    const hasRoom = heldBytes === 0 || this.#host.hold(heldBytes, this.client);
    let charged = hasRoom ? heldBytes : 0;
    const release = () => {
      this.#host.release(charged, this.client);
      charged = 0;
    };
    const body = head.bodyLength === 0 ? null : new StreamBody(stream, head.bodyLength, release);
    const response = new StreamResponse(stream, head, body, {
      deadlines,
      unreadTimeoutMs,
      defaultField: this.#host.defaultField(this.client),
      unread() {
        ended.unread += 1;
      },
    });
    this.#open.add(response);
    this.#requests += 1;
    deadlines.cancel(this);
    // A stream that the client resets ends at once, even if its body still waits to be read. A reset of ours has to be written before.
    stream.on('aborted', () => process.nextTick(() => stream.destroy()));
    stream.once('close', () => {
      release();
      this.#open.delete(response);
      this.#parts.budgets.closed(this.#key);
      response.streamClosed();
      if (!response.finished) this.#countReset();
      if (this.#open.size === 0) this.#idle();
    });
    const request = { ...head, body };
    const last = requestsPerConnection > 0 && this.#requests >= requestsPerConnection;
    if (last) ended.requests += 1;
    // The streams that are open end as usual; the client opens further ones over another connection.
    if (last || this.#host.ending) this.#session.close();
    if (fault !== null || !hasRoom) this.#parts.onFault(request, response, this.client, fault ?? 'overloaded');
    else this.#parts.onRequest(request, response, this.client);
  }

  #idle(): void {
    if (this.#session.closed) this.#wakeIn(leaveMs);
    else this.#wakeIn(this.#host.keepAliveMs);
  }

  /** The client opens no further streams, and those that are open end as usual. */
  #leave(): void {
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close();
    if (this.#open.size === 0) this.#wakeIn(leaveMs);
  }

  #countReset(): void {
    if (!this.#parts.budgets.mayReset(this.#key)) this.#calm();
  }

  #onControl(): void {
    if (!this.#parts.budgets.mayControl(this.#key)) this.#calm();
  }

  /** The client has spent its budget. */
  #calm(): void {
    if (!this.#session.destroyed) this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.socket.destroy();
  }

  #wakeIn(ms: number): void {
    this.#host.deadlines.schedule(this, performance.now() + ms);
  }

  /** No stream is open. */
  onDeadline(): void {
    if (this.#session.closed || this.#session.destroyed) {
      this.socket.destroy();
      return;
    }
    this.#host.ended.idle += 1;
    this.#leave();
  }

  #onClose(): void {
    this.#host.deadlines.cancel(this);
    this.#session.destroy();
    this.#parts.budgets.disconnected(this.#key);
    this.#host.onClose(this);
  }
}
