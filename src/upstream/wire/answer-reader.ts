/** Reads one answer after the other out of the bytes of a connection, and hands their parts to the exchange. */
import { AnswerMemory } from '../answer-memory.ts';
import { type Framing, type Head, readHead } from './answer-head-text.ts';
import { ChunkedBody } from './chunked-body.ts';
import type { HopControl, HopHandler } from './connection.ts';

/** Bytes of the head of an answer, interim ones (1xx) before it included. */
const maxHeadBytes = 64 * 1024;
/** A longer head is not kept for the next answer. */
const longestKept = 2 * 1024;
const headEnd = Buffer.from('\r\n\r\n');

export class AnswerReader {
  /** The answer is whole. */
  whole = false;
  keepAlive = false;
  keepAliveMs = 0;
  /** More bytes came than the answer has. */
  rest = false;
  #method = '';
  #started = false;
  #framing: Framing | null = null;
  #missing = 0;
  #chunks: ChunkedBody | null = null;
  /** The part of a head that came so far, in a buffer that grows. */
  #head: Buffer | null = null;
  #headBytes = 0;
  memory: AnswerMemory | null = null;
  /** The last head, which services repeat until a second is over, and what it was read as. */
  #known: Head | null = null;
  #knownText = '';
  #knownMethod = '';
  #interimBytes = 0;

  /** Makes ready for the answer to a request with this method. */
  expect(method: string): void {
    this.whole = false;
    this.rest = false;
    this.#method = method;
    this.#started = false;
    this.#framing = null;
    this.#interimBytes = 0;
  }

  /** The answer is whole when the connection ends. */
  get endsWithConnection(): boolean {
    return this.#framing === 'close';
  }

  /** Null, or why this is no answer. With `reused` the parts of the body are copied out of `bytes`. */
  read(
    bytes: Buffer,
    reused: boolean,
    handler: HopHandler,
    control: HopControl,
  ): 'answer_invalid' | 'head_too_large' | null {
    if (!this.#started) {
      this.#started = true;
      handler.onResponseStarted();
    }
    let at = 0;
    while (this.#framing === null) {
      const end = this.#findHead(bytes, at);
      if (end === -2) return 'head_too_large';
      if (end === -1) return null;
      const failure = this.#takeHead(bytes, at, end, handler, control);
      if (failure !== null) return failure;
      at = end;
    }
    return this.#readBody(bytes, at, reused, handler, control);
  }

  /** Position after the head that begins at `from`; -1: not all of it is there; -2: it is too large. */
  #findHead(bytes: Buffer, from: number): number {
    const held = this.#headBytes;
    if (held === 0) {
      const end = bytes.indexOf(headEnd, from);
      if (end >= 0) return this.#interimBytes + end + 4 - from > maxHeadBytes ? -2 : end + 4;
    }
    const more = bytes.length - from;
    // Up to three bytes of the end may be held already.
    this.#hold(bytes, from);
    const end = this.#head!.subarray(0, this.#headBytes).indexOf(headEnd, Math.max(0, held - 3));
    if (end >= 0) return this.#interimBytes + end + 4 > maxHeadBytes ? -2 : from + end + 4 - held;
    return this.#interimBytes + held + more > maxHeadBytes ? -2 : -1;
  }

  #hold(bytes: Buffer, from: number): void {
    const needed = this.#headBytes + bytes.length - from;
    if (this.#head === null || this.#head.length < needed) {
      const grown = Buffer.allocUnsafe(Math.max(1_024, 2 * needed));
      this.#head?.copy(grown, 0, 0, this.#headBytes);
      this.#head = grown;
    }
    bytes.copy(this.#head, this.#headBytes, from);
    this.#headBytes = needed;
  }

  #takeHead(
    bytes: Buffer,
    from: number,
    to: number,
    handler: HopHandler,
    control: HopControl,
  ): 'answer_invalid' | null {
    let text: string;
    if (this.#headBytes === 0) {
      text = bytes.toString('latin1', from, to - 4);
      this.#interimBytes += to - from;
    } else {
      // What was held of `bytes` beyond the head is read from `bytes`.
      const length = this.#headBytes - (bytes.length - to);
      text = this.#head!.toString('latin1', 0, length - 4);
      this.#interimBytes += length;
      this.#head = null;
      this.#headBytes = 0;
    }
    const head = this.#read(text);
    // A switch of protocols was not asked for.
    if (head === null || head.status === 101) return 'answer_invalid';
    if (head.status < 200) return null;
    this.#framing = head.framing;
    this.#missing = head.length;
    this.keepAlive = head.keepAlive;
    this.keepAliveMs = head.keepAliveMs;
    this.#chunks = head.framing === 'chunked' ? new ChunkedBody() : null;
    handler.onResponseStart(control, head.status, head.statusText, head.rawHeaders);
    return null;
  }

  #read(text: string): Head | null {
    const method = this.#method;
    if (this.#known !== null && text === this.#knownText && method === this.#knownMethod) return this.#known;
    const head = readHead(text, method);
    const kept = head !== null && text.length <= longestKept && !setsCookie(head);
    this.#known = kept ? head : null;
    this.memory = kept ? new AnswerMemory() : null;
    this.#knownText = kept ? text : '';
    this.#knownMethod = method;
    return head;
  }

  #readBody(
    bytes: Buffer,
    from: number,
    reused: boolean,
    handler: HopHandler,
    control: HopControl,
  ): 'answer_invalid' | null {
    switch (this.#framing) {
      case 'none':
        this.whole = true;
        this.rest = from < bytes.length;
        return null;
      case 'length': {
        const end = Math.min(bytes.length, from + this.#missing);
        if (end === from) return null;
        this.#missing -= end - from;
        this.whole = this.#missing === 0;
        this.rest = end < bytes.length;
        handler.onResponseData(control, partOf(bytes, from, end, reused));
        return null;
      }
      case 'chunked': {
        const take = (part: Buffer) => handler.onResponseData(control, reused ? Buffer.from(part) : part);
        const end = this.#chunks!.read(bytes, from, take);
        if (end === -2) return 'answer_invalid';
        this.whole = end >= 0;
        this.rest = end >= 0 && end < bytes.length;
        return null;
      }
      default:
        if (from < bytes.length) handler.onResponseData(control, partOf(bytes, from, bytes.length, reused));
        return null;
    }
  }
}

function partOf(bytes: Buffer, from: number, to: number, reused: boolean): Buffer {
  const part = bytes.subarray(from, to);
  return reused ? Buffer.from(part) : part;
}

/** Its value may be a credential: it stays nowhere longer than it has to. */
function setsCookie({ rawHeaders }: Head): boolean {
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 10 && rawHeaders[i]!.toLowerCase() === 'set-cookie') return true;
  }
  return false;
}
