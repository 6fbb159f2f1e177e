/** The body of a request over HTTP/2. While it is paused, the client may send as much as the window of its stream, and no more. */
import type { ServerHttp2Stream } from 'node:http2';
import type { BodySink, ReceivedBody } from '../http1/body.ts';

export class StreamBody implements ReceivedBody {
  readonly length: number;
  complete = false;
  flowing = false;
  started = false;
  readonly #stream: ServerHttp2Stream;
  readonly #ended: () => void;
  #sink: BodySink | null = null;
  #missing: number;

  /** `ended` is called when all of it has been read. */
  constructor(stream: ServerHttp2Stream, length: number, ended: () => void) {
    this.#stream = stream;
    this.length = length;
    this.#missing = length;
    this.#ended = ended;
  }

  start(sink: BodySink): void {
    this.#sink = sink;
    if (!this.started) {
      this.started = true;
      this.#stream.on('data', this.#take);
      // A client that resets its stream without an error must not make a cut body look complete.
      this.#stream.on('end', () => {
        if (!this.complete && !this.#stream.closed) this.#end();
      });
    }
    this.resume();
  }

  pause(): void {
    if (!this.flowing || this.complete) return;
    this.flowing = false;
    this.#stream.pause();
  }

  resume(): void {
    if (this.flowing || this.complete) return;
    this.flowing = true;
    this.#stream.resume();
  }

  stop(): void {
    this.#sink = null;
    this.pause();
  }

  /** The response is complete: what still arrives is dropped until the stream ends. */
  drop(): void {
    this.#sink = null;
    this.#stream.resume();
  }

  readonly #take = (part: Buffer): void => {
    this.#missing -= part.length;
    const last = this.#missing === 0;
    // More cannot follow: it would contradict the length.
    if (last) this.complete = true;
    this.#sink?.take(part, false);
    if (last) this.#end();
  };

  #end(): void {
    this.complete = true;
    this.#ended();
    this.#sink?.end();
  }
}
