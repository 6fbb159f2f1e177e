/**
 * The client's body on its way to the upstream: counted, limited, with the client held back while the upstream does not
 * read. Parts go from one socket to the other as they come, and wait nowhere between.
 */
import type { IncomingMessage } from 'node:http';
import type { BodyPace } from './body-pace.ts';
import type { BodyTaker, HopBody } from './wire/connection.ts';

export interface BodyOwner {
  bytesIn: number;
  /** The body exceeds the limit. */
  bodyTooLarge(): void;
}

export class RequestBody implements HopBody {
  readonly #source: IncomingMessage;
  readonly #owner: BodyOwner;
  readonly #maxBytes: number;
  readonly #pace: BodyPace;
  /** What came of it before it was sent. */
  #first: Buffer[];
  #taker: BodyTaker | null = null;
  /** The taker wants more. */
  #flowing = false;
  #ended = false;
  #over = false;

  /** `first`: what was taken of it already, and counted. */
  constructor(
    source: IncomingMessage,
    owner: BodyOwner,
    maxBytes: number,
    pace: BodyPace,
    first: readonly Buffer[] = [],
  ) {
    this.#source = source;
    this.#owner = owner;
    this.#maxBytes = maxBytes;
    this.#pace = pace;
    this.#first = [...first];
    // Whoever has the request learns of errors elsewhere; without a listener one would end the process.
    source.on('error', ignore);
    source.on('data', this.#take);
    source.on('end', this.#end);
    source.pause();
  }

  /** Everything that came is handed on and more is wanted: it is the client that keeps the upstream waiting. */
  get awaitsClient(): boolean {
    return this.#flowing && !this.#source.complete && !this.#over;
  }

  start(taker: BodyTaker): void {
    this.#taker = taker;
    const first = this.#first;
    this.#first = [];
    this.#flowing = true;
    // So little that all of it is handed over, even to a taker that would rather wait.
    for (const part of first) taker.takePart(part);
    if (this.#ended) this.#handOverEnd();
    else if (this.#flowing) this.resume();
  }

  pause(): void {
    this.#flowing = false;
    if (!this.#ended && !this.#over) this.#hold();
  }

  resume(): void {
    if (this.#taker === null || this.#over) return;
    this.#flowing = true;
    this.#source.resume();
    if (!this.#source.complete) this.#pace.wait(performance.now());
  }

  stop(): void {
    this.#taker = null;
    this.pause();
  }

  /** The source stays as it is: a cut body must not look complete, and what is left of it is its owner's business. */
  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#taker = null;
    this.#source.off('data', this.#take);
    this.#source.off('end', this.#end);
    if (!this.#source.complete) this.#hold();
  }

  readonly #take = (chunk: Buffer): void => {
    this.#owner.bytesIn += chunk.length;
    this.#pace.came(chunk.length);
    if (this.#owner.bytesIn > this.#maxBytes) {
      this.#owner.bodyTooLarge();
    } else if (this.#taker !== null) {
      this.#taker.takePart(chunk);
    } else {
      this.#first.push(chunk);
      this.#hold();
    }
  };

  readonly #end = (): void => {
    this.#pace.hold(performance.now());
    this.#ended = true;
    this.#handOverEnd();
  };

  #handOverEnd(): void {
    const taker = this.#taker;
    this.#taker = null;
    taker?.endBody();
  }

  #hold(): void {
    this.#source.pause();
    this.#pace.hold(performance.now());
  }
}

export function ignore(): void {}
