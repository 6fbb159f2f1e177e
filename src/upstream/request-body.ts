/**
 * The client's body on its way to the upstream: counted, limited, with the client held back while the upstream does
 * not read. A stream of its own, because `undici` destroys a body that it no longer needs, and a destroyed
 * `IncomingMessage` would stop its connection for good.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { BodyPace } from './body-pace.ts';

export interface BodyOwner {
  bytesIn: number;
  /** The body exceeds the limit. */
  bodyTooLarge(): void;
}

/** Parts that wait before the client is held back, be they small: each costs some hundred bytes beside what it holds. */
const mostParts = 64;

export class RequestBody extends Readable {
  readonly #source: IncomingMessage;
  readonly #owner: BodyOwner;
  readonly #maxBytes: number;
  readonly #pace: BodyPace;
  #parts = 0;

  /** `first`: what was taken of it already, and counted. */
  constructor(
    source: IncomingMessage,
    owner: BodyOwner,
    maxBytes: number,
    pace: BodyPace,
    first: readonly Buffer[] = [],
  ) {
    super({ highWaterMark: source.readableHighWaterMark });
    this.#source = source;
    this.#owner = owner;
    this.#maxBytes = maxBytes;
    this.#pace = pace;
    // Whoever reads the body learns of errors elsewhere; without a listener one would end the process.
    this.on('error', ignore);
    source.on('error', ignore);
    source.on('data', this.#take);
    source.on('end', this.#end);
    source.pause();
    for (const chunk of first) this.push(chunk);
  }

  /** Everything that came is handed on and more is wanted: it is the client that keeps the upstream waiting. */
  get awaitsClient(): boolean {
    return !this.#source.complete && !this.destroyed && this.readableLength === 0 && !this.isPaused();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#owner.bytesIn += chunk.length;
    this.#pace.came(chunk.length);
    if (this.#owner.bytesIn > this.#maxBytes) this.#owner.bodyTooLarge();
    else if (!this.push(chunk) || this.#waits()) this.#hold();
  };

  readonly #end = (): void => {
    this.#pace.hold(performance.now());
    this.push(null);
  };

  #waits(): boolean {
    this.#parts = this.readableLength === 0 ? 0 : this.#parts + 1;
    return this.#parts >= mostParts;
  }

  #hold(): void {
    this.#source.pause();
    this.#pace.hold(performance.now());
  }

  override _read(): void {
    this.#source.resume();
    if (!this.#source.complete) this.#pace.wait(performance.now());
  }

  /** The source stays as it is: a cut body must not look complete, and what is left of it is its owner's business. */
  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#source.off('data', this.#take);
    this.#source.off('end', this.#end);
    if (!this.#source.complete) this.#hold();
    callback(error);
  }
}

export function ignore(): void {}
