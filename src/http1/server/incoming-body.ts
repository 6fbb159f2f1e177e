/**
 * The body of a request, by length or in chunks. It is not read before it is started; while it is paused, so is the socket. One read of the
 * socket yields at most one part.
 */
import type { BodySink, ReceivedBody } from '../body.ts';
import { ChunkedBody } from '../grammar/chunked-body.ts';
import { hasOwnMemory } from '../part-memory.ts';

/** The connection that carries the body. */
export interface BodyConnection {
  /** Hands over the held bytes and continues reading. */
  resumeBody(): void;
  pauseBody(): void;
}

/** The rest of an unneeded body is read up to this length, which keeps the connection. */
export const maxDiscardBytes: number = 64 * 1024;

export class IncomingBody implements ReceivedBody {
  readonly length: number;
  complete = false;
  flowing = false;
  started = false;
  readonly #connection: BodyConnection;
  readonly #chunks: ChunkedBody | null;
  #missing: number;
  #sink: BodySink | null = null;

  constructor(connection: BodyConnection, length: number) {
    this.#connection = connection;
    this.length = length;
    this.#missing = Math.max(0, length);
    this.#chunks = length < 0 ? new ChunkedBody() : null;
  }

  /** Whether more than this number of bytes is missing. */
  missesMoreThan(bytes: number): boolean {
    return !this.complete && (this.#chunks !== null || this.#missing > bytes);
  }

  /** From now on, `sink` receives parts as they arrive. May be called again with another sink. */
  start(sink: BodySink): void {
    this.#sink = sink;
    this.started = true;
    this.resume();
  }

  pause(): void {
    if (!this.flowing || this.complete) return;
    this.flowing = false;
    this.#connection.pauseBody();
  }

  resume(): void {
    if (this.flowing || this.complete) return;
    this.flowing = true;
    this.#connection.resumeBody();
  }

  /** Hands on nothing more; the connection drops the rest. */
  stop(): void {
    this.#sink = null;
    this.pause();
  }

  /** Bytes of the connection. Returns how many of them belong to the body; -1: they are malformed. */
  read(bytes: Buffer): number {
    return this.#chunks === null ? this.#readLength(bytes) : this.#readChunks(bytes, this.#chunks);
  }

  #readLength(bytes: Buffer): number {
    const taken = Math.min(this.#missing, bytes.length);
    this.#missing -= taken;
    if (this.#missing === 0) this.complete = true;
    if (taken === bytes.length) this.#hand(bytes, hasOwnMemory(bytes));
    else this.#hand(bytes.subarray(0, taken), false);
    return taken;
  }

  #readChunks(bytes: Buffer, chunks: ChunkedBody): number {
    const end = chunks.read(bytes, 0);
    if (end === -2) return -1;
    this.complete = end >= 0;
    // The bytes after the body are still needed.
    this.#hand(bytes.subarray(chunks.partStart, chunks.partEnd), end < 0 && hasOwnMemory(bytes));
    return end < 0 ? bytes.length : end;
  }

  #hand(part: Buffer, ownMemory: boolean): void {
    const sink = this.#sink;
    if (sink === null) return;
    if (part.length > 0) sink.take(part, ownMemory);
    // The sink may have stopped the body.
    if (this.complete) this.#sink?.end();
  }
}
