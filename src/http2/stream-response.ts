/** The response of a stream. Its head leaves with the first part, with the end, or with `flush`. */
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { isSendable } from '../http1/grammar/fields.ts';
import type { RequestHead } from '../http1/grammar/request-head.ts';
import { mayHaveBody } from '../http1/grammar/response-head.ts';
import type { ClientResponse } from '../http1/server/client-response.ts';
import { ReadingClient, type ReadingLimits, type WrittenTo } from '../http1/server/reading-client.ts';
import type { RequestEvents } from '../http1/server/request.ts';
import type { DefaultField } from '../http1/server/server.ts';
import type { StreamBody } from './stream-body.ts';

/** What a response needs from its connection. */
export interface ResponseHost extends ReadingLimits {
  /** Added unless the response has a field of its name. */
  readonly defaultField: DefaultField | null;
  /** The client did not read in time. */
  unread(): void;
}

/** They belong to one connection of HTTP/1 (RFC 9113 section 8.2.2). */
const ofConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

export class StreamResponse implements ClientResponse, WrittenTo {
  status = 0;
  ended = false;
  finished = false;
  events: RequestEvents | null = null;
  readonly #stream: ServerHttp2Stream;
  readonly #request: RequestHead;
  readonly #body: StreamBody | null;
  readonly #host: ResponseHost;
  readonly #reading: ReadingClient;
  /** Null: none is waiting to be sent. */
  #head: OutgoingHttpHeaders | null = null;
  #bodiless = false;
  #continued = false;
  #takenBytes = 0;

  constructor(stream: ServerHttp2Stream, request: RequestHead, body: StreamBody | null, host: ResponseHost) {
    this.#stream = stream;
    this.#request = request;
    this.#body = body;
    this.#host = host;
    this.#reading = new ReadingClient(this, host, { onUnread: () => this.#onUnread(), onGone() {} });
    stream.on('drain', () => {
      this.#reading.drained();
      this.events?.drained();
    });
    stream.on('finish', () => this.#onFinish());
  }

  /** Bytes that wait for the client; after the last one, its end. */
  get writableLength(): number {
    return this.#stream.writableLength + (this.ended && !this.#isGone ? 1 : 0);
  }

  /** A part counts as taken once the window of the client has accepted all of it. */
  get bytesWritten(): number {
    return this.#takenBytes + this.writableLength;
  }

  writeContinue(): void {
    if (this.#continued || this.status !== 0 || this.#isGone) return;
    this.#continued = true;
    this.#stream.additionalHeaders({ ':status': 100 });
  }

  /** HTTP/2 has no text of a status. Throws `TypeError` without sending anything if the headers would not be valid HTTP. */
  writeHead(status: number, _statusText: string | null, headers: readonly string[]): void {
    const head: OutgoingHttpHeaders = { ':status': status };
    let parts = '';
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i]!.toLowerCase();
      const value = headers[i + 1]!;
      parts += name + value;
      if (!ofConnection.has(name)) add(head, name, value);
    }
    if (!isSendable(parts)) throw new TypeError('The head of the response is not valid HTTP');
    const { defaultField } = this.#host;
    if (defaultField !== null && head[defaultField.name] === undefined) head[defaultField.name] = defaultField.value;
    this.status = status;
    this.#bodiless = !mayHaveBody(this.#request.method, status);
    this.#head = head;
  }

  flush(): void {
    if (!this.ended) this.#sendHead(false);
  }

  write(part: Buffer): boolean {
    if (this.ended || part.length === 0 || this.#isGone) return true;
    this.#sendHead(false);
    if (this.#bodiless) return true;
    const more = this.#stream.write(part, () => {
      this.#takenBytes += part.length;
    });
    this.#reading.wrote();
    return more;
  }

  end(body: Buffer | string | null = null): number {
    if (this.ended) return 0;
    this.ended = true;
    const bytes =
      this.#bodiless || body === null || body.length === 0
        ? null
        : typeof body === 'string'
          ? Buffer.from(body, 'latin1')
          : body;
    if (this.#isGone) return bytes?.length ?? 0;
    this.#body?.drop();
    const whole = this.#head !== null && bytes === null;
    this.#sendHead(whole);
    if (!whole) this.#stream.end(bytes);
    this.#reading.wrote();
    return bytes?.length ?? 0;
  }

  upgrade(): { readonly socket: Duplex; readonly early: Buffer } {
    throw new TypeError('HTTP/2 has no upgrades');
  }

  /** Resets the stream, so that the client sees that the response is cut: `close` of the stream would send its end first. */
  break(): void {
    this.#stream.destroy(new Error('The response is cut'));
  }

  /** The stream has ended; called by the connection. */
  streamClosed(): void {
    this.#reading.stop();
    this.finished = this.ended && this.#stream.writableFinished && this.#stream.rstCode === constants.NGHTTP2_NO_ERROR;
    this.events?.closed();
  }

  get #isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  #sendHead(ends: boolean): void {
    const head = this.#head;
    this.#head = null;
    if (head !== null && !this.#isGone) this.#stream.respond(head, { endStream: ends });
  }

  /** The client may stop sending a body that is not needed (RFC 9113 section 8.1). */
  #onFinish(): void {
    if (this.#body?.complete === false) this.#stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #onUnread(): void {
    this.events?.requestFailed('unread');
    this.break();
    this.#host.unread();
  }
}

/** Fields of one name keep their order. */
function add(head: OutgoingHttpHeaders, name: string, value: string): void {
  const before = head[name];
  if (before === undefined) head[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else head[name] = [String(before), value];
}
