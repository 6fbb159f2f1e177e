/** Parses the responses of a connection one after the other, and hands their parts to the handler. */
import { ChunkedBody } from '../grammar/chunked-body.ts';
import { lineOf, unfinishedHeadFault } from '../grammar/response-fault.ts';
import { mayHaveBody, type ResponseHead, readResponseHead } from '../grammar/response-head.ts';
import { ClientError } from './client-error.ts';
import type { OutgoingRequest, ResponseHandler } from './request.ts';

/** Maximum bytes of a response head, including interim responses (1xx) before it. */
const maxHeadBytes = 64 * 1024;
const headEnd = Buffer.from('\r\n\r\n');
const none = Buffer.alloc(0);

export class ResponseReader {
  /** The response is whole. */
  whole = false;
  /** There are bytes after the response. */
  rest = false;
  /** Null: it has not arrived. */
  head: ResponseHead | null = null;
  /** The server has switched protocols; the bytes after its head. */
  early: Buffer | null = null;
  #method = '';
  #upgrade = false;
  #started = false;
  #missing = 0;
  #chunks: ChunkedBody | null = null;
  /** The part of a head received so far. */
  #buffer: Buffer = none;
  #headBytes = 0;

  /** Prepares for the response to this request. */
  expect({ method, upgrade }: OutgoingRequest): void {
    this.whole = false;
    this.rest = false;
    this.#method = method;
    this.#upgrade = upgrade;
    this.#started = false;
    this.head = null;
    this.#chunks = null;
    this.#headBytes = 0;
  }

  /** The response ends with the connection. */
  get endsWithConnection(): boolean {
    return this.head?.framing === 'close';
  }

  /** The response must not have a body, but a faulty server may still send one. */
  get bodiless(): boolean {
    return this.head !== null && !mayHaveBody(this.#method, this.head.status);
  }

  /** Where a connection ended that ended too early. */
  get place(): string | undefined {
    if (!this.#started) return undefined;
    if (this.head !== null) return 'within the body';
    return `within the head, in line ${lineOf(this.#buffer, this.#buffer.length)}`;
  }

  /** Null, or why this is not a response. With `reused` the parts of the body are copied out of `bytes`. */
  read(bytes: Buffer, reused: boolean, handler: ResponseHandler): ClientError | null {
    if (!this.#started) {
      this.#started = true;
      handler.onResponseStarted();
    }
    let rest = bytes;
    while (this.head === null) {
      const all = this.#buffer.length === 0 ? rest : Buffer.concat([this.#buffer, rest]);
      const end = all.indexOf(headEnd);
      if (this.#headBytes + (end < 0 ? all.length : end) > maxHeadBytes) return new ClientError('head_too_large');
      if (end < 0) {
        const fault = unfinishedHeadFault(all, this.#buffer.length);
        if (fault !== null) return new ClientError('response_invalid', fault);
        this.#buffer = reused && all === rest ? Buffer.from(all) : all;
        return null;
      }
      this.#buffer = none;
      this.#headBytes += end + 4;
      const failure = this.#takeHead(all.subarray(0, end + 2), handler);
      if (failure !== null) return failure;
      rest = all.subarray(end + 4);
    }
    if (this.head.status === 101) {
      this.early = Buffer.from(rest);
      return null;
    }
    return this.#readBody(this.head, rest, reused, handler);
  }

  #takeHead(bytes: Buffer, handler: ResponseHandler): ClientError | null {
    const head = readResponseHead(bytes, this.#method);
    if (typeof head === 'string') return new ClientError('response_invalid', head);
    if (head.status === 101 && !this.#upgrade)
      return new ClientError('response_invalid', 'unrequested_switch at line 1');
    if (head.status < 200 && head.status !== 101) return null;
    this.head = head;
    this.#missing = head.length;
    this.#chunks = head.framing === 'chunked' ? new ChunkedBody() : null;
    if (head.status !== 101) handler.onResponseHead(head.status, head.statusText, head.rawHeaders);
    return null;
  }

  #readBody(head: ResponseHead, bytes: Buffer, reused: boolean, handler: ResponseHandler): ClientError | null {
    let end = bytes.length;
    switch (head.framing) {
      case 'none':
        this.whole = true;
        end = 0;
        break;
      case 'length':
        end = Math.min(bytes.length, this.#missing);
        this.#missing -= end;
        this.whole = this.#missing === 0;
        hand(bytes.subarray(0, end), reused, handler);
        break;
      case 'chunked': {
        const chunks = this.#chunks!;
        const read = chunks.read(bytes, 0);
        if (read === -2) return new ClientError('response_invalid', `${chunks.fault} in the body`);
        this.whole = read >= 0;
        end = read < 0 ? bytes.length : read;
        hand(bytes.subarray(chunks.partStart, chunks.partEnd), reused, handler);
        break;
      }
      case 'close':
        hand(bytes, reused, handler);
    }
    this.rest = this.whole && end < bytes.length;
    return null;
  }
}

function hand(part: Buffer, reused: boolean, handler: ResponseHandler): void {
  if (part.length > 0) handler.onResponseData(reused ? Buffer.from(part) : part);
}
