/**
 * The response to one request. A head and a complete body leave in one write, batched with those of other connections. Framing is decided
 * here: by the `content-length` that the head has, or else in chunks, or for HTTP/1.0 by the end of the connection. HEAD, 204 and 304 never
 * carry a body (RFC 9112 section 6.3).
 */

import type { Duplex } from 'node:stream';
import { isNamed, isSendable } from '../grammar/fields.ts';
import { statusTexts } from '../grammar/node-http.ts';
import type { RequestHead } from '../grammar/request-head.ts';
import { mayHaveBody } from '../grammar/response-head.ts';
import { hasOwnMemory } from '../part-memory.ts';
import { resetSocket } from '../reset-socket.ts';
import { type BatchedWriter, smallBytes, writeWithBatch } from '../write-batch.ts';
import { writePart } from '../write-part.ts';
import type { ClientResponse } from './client-response.ts';
import type { RequestEvents } from './request.ts';
import type { DefaultField } from './server.ts';

/** What a response needs from its connection. */
export interface ResponseConnection {
  readonly socket: Duplex;
  /** Fields that announce that the connection stays open. */
  readonly keepAliveFields: string;
  /** Added unless the response has a field of its name. */
  readonly defaultField: DefaultField | null;
  /** Bytes after the head of the request are held. */
  readonly hasMore: boolean;
  /** The connection ends with this response. May become true until the head is written. */
  closesAfter(): boolean;
  /** Written bytes wait for the client. */
  unread(): void;
  /** The system has accepted the whole response. `last`: the connection ends with it. */
  responded(last: boolean): void;
  /** Releases the socket, with the bytes after the request. */
  detach(): { readonly socket: Duplex; readonly early: Buffer };
}

export class Response implements BatchedWriter, ClientResponse {
  /** 0: no head was written. */
  status = 0;
  /** `end` was called. */
  ended = false;
  /** The system has accepted all of it. */
  finished = false;
  events: RequestEvents | null = null;
  /** The client is sending its body: `100 Continue` was sent, or was not needed. */
  continued = false;
  readonly #request: RequestHead;
  /** Null: the exchange with the client has ended. */
  #connection: ResponseConnection | null;
  /** Text that is prepared but not written. */
  #text = '';
  #part: Buffer | null = null;
  /** Ends a chunked body. */
  #tail = '';
  #endsWithConnection = false;
  #bodiless = false;
  #chunked = false;
  #last = false;

  constructor(connection: ResponseConnection, request: RequestHead) {
    this.#connection = connection;
    this.#request = request;
  }

  /**
   * Tells the client to send its body. At most once, never to HTTP/1.0 (RFC 9110 section 15.2), and not to a client that is already sending
   * it (section 10.1.1).
   */
  writeContinue(): void {
    if (this.continued || this.status !== 0 || this.#request.minor === 0 || this.#connection === null) return;
    this.continued = true;
    if (!this.#connection.hasMore) this.#connection.socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
  }

  /**
   * Prepares the head; it leaves with the first part, with the end, or with `flush`. `headers` are alternating names and values;
   * `connection: close` among them ends the connection. Throws `TypeError` without writing anything if they would not be valid HTTP.
   */
  writeHead(status: number, statusText: string | null, headers: readonly string[]): void {
    const phrase = statusText ?? statusTexts[status] ?? '';
    // One check of all parts costs less than one of each.
    let parts = phrase;
    let text = `HTTP/1.1 ${status} ${phrase}\r\n`;
    let missing = this.#connection?.defaultField ?? null;
    let framed = false;
    let dated = false;
    let close = false;
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!;
      const value = headers[i + 1]!;
      parts += name + value;
      text += `${name}: ${value}\r\n`;
      if (isNamed(name, 'date')) dated = true;
      else if (isNamed(name, 'content-length')) framed = true;
      else if (name === 'connection') close ||= value === 'close';
      else if (missing !== null && isNamed(name, missing.name)) missing = null;
    }
    if (!isSendable(parts)) throw new TypeError('The head of the response is not valid HTTP');
    this.status = status;
    this.#bodiless = !mayHaveBody(this.#request.method, status);
    const unframed = !framed && !this.#bodiless;
    this.#chunked = unframed && this.#request.minor === 1;
    this.#endsWithConnection = unframed && !this.#chunked;
    this.#last = close || this.#endsWithConnection || this.#isUnsettled() || (this.#connection?.closesAfter() ?? true);
    if (missing !== null) text += `${missing.name}: ${missing.value}\r\n`;
    if (!dated) text += dateField();
    if (!close) text += this.#last ? 'connection: close\r\n' : (this.#connection?.keepAliveFields ?? '');
    if (this.#chunked) text += 'transfer-encoding: chunked\r\n';
    this.#text = `${text}\r\n`;
  }

  /** Without `100 Continue` a client may send its body or not, so the following bytes are ambiguous (RFC 9110 section 10.1.1). */
  #isUnsettled(): boolean {
    return this.#request.expect !== 'none' && !this.continued && this.#request.bodyLength !== 0;
  }

  /** Sends a head that no part has followed yet. */
  flush(): void {
    if (this.ended || this.#text === '') return;
    const connection = this.#connection;
    const text = this.#text;
    this.#text = '';
    if (connection === null) return;
    connection.socket.write(text, 'latin1');
    connection.unread();
  }

  /** Sends a part of the body now. False: the client is slow; `drained` is called when it can accept more. */
  write(part: Buffer): boolean {
    const connection = this.#connection;
    if (connection === null || this.ended || part.length === 0) return true;
    const { socket } = connection;
    const head = this.#text;
    this.#text = '';
    const more = this.#bodiless
      ? head === '' || socket.write(head, 'latin1')
      : writePart(socket, head, part, this.#chunked, hasOwnMemory(part));
    connection.unread();
    return more;
  }

  /**
   * Ends the response, with a last part of the body if there is one; text is Latin-1. It leaves at the end of the turn. Returns
   * the bytes of the part that are sent.
   */
  end(part: Buffer | string | null = null): number {
    if (this.ended) return 0;
    this.ended = true;
    const bytes = this.#bodiless || part === null || part.length === 0 ? null : part;
    if (this.#chunked) this.#tail = bytes === null ? '0\r\n\r\n' : '\r\n0\r\n\r\n';
    if (bytes !== null) {
      if (this.#chunked) this.#text += `${bytes.length.toString(16)}\r\n`;
      if (typeof bytes === 'string') this.#text += bytes;
      else if (bytes.length <= smallBytes) this.#text += bytes.toString('latin1');
      else this.#part = bytes;
    }
    writeWithBatch(this);
    return bytes?.length ?? 0;
  }

  writeBatched(): void {
    const connection = this.#connection;
    // Aborted in this turn: nothing of it leaves, and the client sees the end of the connection.
    if (connection === null || connection.socket.destroyed) return;
    const { socket } = connection;
    if (this.#part === null) {
      const text = this.#text + this.#tail;
      if (text !== '') socket.write(text, 'latin1');
    } else {
      socket.cork();
      if (this.#text !== '') socket.write(this.#text, 'latin1');
      socket.write(this.#part);
      if (this.#tail !== '') socket.write(this.#tail, 'latin1');
      socket.uncork();
    }
    this.#text = '';
    this.#part = null;
    if (socket.writableLength === 0) {
      this.#finish();
      return;
    }
    connection.unread();
    socket.write('', 'latin1', (error) => {
      if (error == null && !socket.destroyed) this.#finish();
    });
  }

  /** Responds to an upgrade with 101 and releases the socket. `headers` as for `writeHead`. */
  upgrade(headers: readonly string[]): { readonly socket: Duplex; readonly early: Buffer } {
    let text = 'HTTP/1.1 101 Switching Protocols\r\n';
    for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
    if (!headers.every(isSendable)) throw new TypeError('The head of the response is not valid HTTP');
    this.status = 101;
    this.ended = true;
    const taken = this.#connection!.detach();
    this.#connection = null;
    taken.socket.write(`${text}\r\n`, 'latin1');
    return taken;
  }

  /** Breaks the connection in the middle of the response: a proper end would look like a complete response. */
  break(): void {
    const socket = this.#connection?.socket;
    // An HTTP/1.0 client that waits for the end of the connection can distinguish a cut response only by a reset.
    if (socket !== undefined && this.#endsWithConnection) resetSocket(socket);
    else socket?.destroy();
  }

  /** The connection is gone; called by the connection. */
  connectionClosed(): void {
    if (this.#connection === null) return;
    this.#connection = null;
    this.events?.closed();
  }

  #finish(): void {
    const connection = this.#connection;
    if (connection === null) return;
    this.finished = true;
    this.connectionClosed();
    connection.responded(this.#last);
  }
}

let dateSecond = 0;
let dateText = '';

/** Formatted once a second (RFC 9110 section 6.6.1). */
function dateField(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return dateText;
}
