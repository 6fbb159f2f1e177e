/**
 * One client connection: bytes to requests, one at a time. The next head is not parsed before the previous response is written (RFC 9112
 * section 9.3.2: pipelined requests must not overlap), and early bytes are bounded.
 *
 * | phase     | arriving bytes                        | ends with                                             |
 * |-----------|---------------------------------------|-------------------------------------------------------|
 * | head      | are collected into a head             | complete head -> request; fault, timeout -> closing   |
 * | request   | go to the body if it flows, or wait   | response written -> head, discard or closing; upgrade -> detached |
 * | discard   | are the rest of an unneeded body      | its end -> head; too much, too slow -> closing        |
 * | closing   | are dropped, so that the response is read before the connection ends | FIN, too much, too slow -> closed |
 * | detached  | belong to a tunnel                    |                                                       |
 */
import type { Duplex } from 'node:stream';
import type { Deadline } from '../deadline-wheel.ts';
import type { RequestHead } from '../grammar/request-head.ts';
import { ReadingClient } from './reading-client.ts';
import type { Request, RequestFault } from './request.ts';
import { type InputEvents, RequestInput } from './request-input.ts';
import { Response, type ResponseConnection } from './response.ts';
import type { ConnectionFault, ConnectionHost } from './server.ts';

/** Maximum rest of a request that is read after its response, so that the client can read the response. */
export const maxDiscardBytes: number = 64 * 1024;
const maxDiscardMs = 1_000;
/** First byte of a TLS record with a handshake (RFC 8446 section 5.1). */
const tlsHandshake = 0x16;

type Phase = 'head' | 'request' | 'discard' | 'closing' | 'detached';

/** `C`: the server's user data of a connection. */
export class Connection<C> implements Deadline, InputEvents, ResponseConnection {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly socket: Duplex;
  readonly client: C;
  readonly keepAliveFields: string;
  /** Requests so far. */
  requests = 0;
  readonly #host: ConnectionHost<C>;
  readonly #input: RequestInput;
  /** Null: the client has read everything so far, and has not ended its side. */
  #reading: ReadingClient | null = null;
  #phase: Phase = 'head';
  #request: Request | null = null;
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
    const take = (bytes: number) => host.hold(bytes, client);
    const give = (bytes: number) => host.release(bytes, client);
    this.#input = new RequestInput(socket, host.headBytes, { take, give }, this);
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
    const request = this.#request!;
    // Without `100 Continue` a client may send its body or not, so the following bytes are ambiguous (RFC 9110 section 10.1.1).
    const unsettled = request.expect !== 'none' && !this.#response!.continued && request.body !== null;
    // While draining, requests that have already arrived are served first.
    return this.#last || unsettled || this.#input.lost || (this.#host.draining && !this.hasMore);
  }

  get hasMore(): boolean {
    return this.#input.held.length > 0;
  }

  get #serving(): boolean {
    return this.#phase === 'request';
  }

  get #reader(): ReadingClient {
    this.#reading ??= new ReadingClient(this.socket, this.#host.unreadTimeoutMs);
    return this.#reading;
  }

  readonly #onData = (bytes: Buffer): void => {
    if (this.#phase === 'head') this.#readHead(bytes);
    else if (this.#phase === 'request') this.#input.readDuringRequest(bytes);
    else if (this.#phase === 'discard') this.#discard(bytes);
    else this.#drop(bytes.length);
  };

  #readHead(bytes: Buffer): void {
    if (this.#beganAt === 0) {
      this.#beganAt = performance.now();
      if (this.requests > 0) this.#wakeIn(this.#host.headTimeoutMs);
    }
    if (bytes[0] === tlsHandshake && this.requests === 0 && this.#input.held.length === 0) this.onHeadFault('tls');
    else this.#input.readHead(bytes);
  }

  onHead(head: RequestHead): void {
    const { requestsPerConnection, requestTimeoutMs, ended } = this.#host;
    this.requests += 1;
    this.#phase = 'request';
    this.#request = { ...head, body: this.#input.body };
    this.#response = new Response(this, head);
    this.#last = !head.keepAlive || (requestsPerConnection > 0 && this.requests >= requestsPerConnection);
    if (this.#last && head.keepAlive) ended.requests += 1;
    if (this.#input.bodyMissing && requestTimeoutMs > 0) this.#wakeAt(this.#beganAt + requestTimeoutMs);
    this.#host.onRequest(this.#request, this.#response, this.client, this);
    if (!this.#serving) return;
    if (this.#input.held.length > 0) this.#input.boundHeld();
    if (this.#input.ended) this.#wakeIn(this.#reader.ended());
  }

  /** Refuses bytes that are not a request; the connection ends. */
  onHeadFault(fault: ConnectionFault): void {
    const bytes = this.#host.refusal(fault, this.client);
    if (bytes !== null && this.socket.writable) this.socket.write(bytes, 'latin1');
    this.#close();
  }

  onBodyFault(fault: RequestFault): void {
    this.#last = true;
    this.#response?.events?.requestFailed(fault);
  }

  /** See `Response`. */
  responded(last: boolean): void {
    this.#response = null;
    this.#reading?.drained();
    this.#beganAt = 0;
    if (last || this.#last || this.#input.lost) this.#close();
    else if (this.#input.bodyMissing) this.#beginDiscarding();
    else this.#next(this.#input.held.take());
  }

  #next(bytes: Buffer): void {
    this.#phase = 'head';
    this.#request = null;
    this.#input.body = null;
    this.#input.resume();
    if (bytes.length > 0) {
      this.#readHead(bytes);
      // An incomplete request can no longer be completed.
      if (!this.#serving && this.#input.ended) this.socket.destroy();
    } else if (this.#input.ended || this.#host.draining) {
      this.#close();
    } else {
      this.#wakeIn(this.#host.keepAliveMs);
    }
  }

  #beginDiscarding(): void {
    this.#phase = 'discard';
    this.#discarded = 0;
    this.#wakeIn(maxDiscardMs);
    this.#input.body!.stop();
    this.#input.resume();
    if (this.#input.held.length > 0) this.#discard(this.#input.held.take());
  }

  #discard(bytes: Buffer): void {
    const body = this.#input.body!;
    const taken = body.read(bytes);
    this.#discarded += taken < 0 ? bytes.length : taken;
    if (taken < 0 || this.#discarded > maxDiscardBytes) this.#close();
    else if (body.complete) this.#next(bytes.subarray(taken));
  }

  #drop(bytes: number): void {
    this.#discarded += bytes;
    if (this.#discarded > maxDiscardBytes) this.socket.destroy();
  }

  /** Sends FIN, and reads what the client still sends for a while: unread bytes would make TCP reset, and the response would be lost. */
  #close(): void {
    this.#phase = 'closing';
    this.#request = null;
    this.#input.body = null;
    this.#input.held.drop();
    this.#discarded = 0;
    this.socket.end();
    this.#input.resume();
    this.#wakeIn(maxDiscardMs);
  }

  #wakeIn(ms: number): void {
    this.#wakeAt(performance.now() + ms);
  }

  #wakeAt(at: number): void {
    this.#host.deadlines.schedule(this, at);
  }

  onDeadline(): void {
    switch (this.#phase) {
      case 'head':
        if (this.#beganAt > 0 || this.requests === 0) {
          this.onHeadFault('timeout');
        } else {
          this.#host.ended.idle += 1;
          this.socket.destroy();
        }
        break;
      case 'request':
        this.#lookAtRequest(performance.now());
        break;
      case 'discard':
        this.#close();
        break;
      default:
        this.socket.destroy();
    }
  }

  #lookAtRequest(now: number): void {
    const { requestTimeoutMs, ended } = this.#host;
    let nextAt = Number.POSITIVE_INFINITY;
    if (this.#input.bodyMissing && requestTimeoutMs > 0 && this.#response?.status === 0) {
      nextAt = this.#beganAt + requestTimeoutMs;
      if (now >= nextAt) {
        this.#input.failBody();
        this.onBodyFault('timeout');
        nextAt = Number.POSITIVE_INFINITY;
      }
    }
    const look = this.#reading?.look(now) ?? Number.POSITIVE_INFINITY;
    if (typeof look === 'number') {
      nextAt = Math.min(nextAt, now + look);
      if (nextAt < Number.POSITIVE_INFINITY) this.#wakeAt(nextAt);
      return;
    }
    if (look === 'unread') {
      ended.unread += 1;
      this.#response?.events?.requestFailed('unread');
    }
    this.#response?.break();
  }

  /** See `Response`. */
  unread(): void {
    const lookInMs = this.#reader.wrote(performance.now());
    if (lookInMs !== null && this.#serving) this.#wakeIn(lookInMs);
  }

  readonly #onDrain = (): void => {
    this.#reading?.drained();
    this.#response?.events?.drained();
  };

  readonly #onEnd = (): void => {
    this.#input.ended = true;
    if (!this.#serving) this.socket.end();
    else if (!this.#input.bodyMissing) this.#wakeIn(this.#reader.ended());
    // The held bytes may be the rest of the body.
    else if (this.#input.held.length === 0) this.break();
  };

  readonly #onClose = (): void => {
    this.#host.deadlines.cancel(this);
    this.#input.held.drop();
    this.#response?.connectionClosed();
    this.#response = null;
    this.#host.onClose(this);
  };

  detach(): { readonly socket: Duplex; readonly early: Buffer } {
    // A tunnel without its first bytes would be misread.
    if (this.#input.lost) this.socket.destroy();
    this.#phase = 'detached';
    this.#response = null;
    this.#host.deadlines.cancel(this);
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onEnd);
    this.socket.off('drain', this.#onDrain);
    this.#host.onDetach(this);
    return { socket: this.socket, early: this.#input.held.take() };
  }
}
