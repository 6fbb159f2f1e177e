/**
 * Takes the first part of a request body, or all of a short one, before anything of the upstream is used: a client that
 * trickles takes up memory, which is bounded, and no connection. A short body goes out whole, without a stream.
 */
import type { IncomingMessage } from 'node:http';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { BodyMemory } from './body-memory.ts';
import type { BodyPace } from './body-pace.ts';
import { type BodyOwner, ignore } from './request-body.ts';

export interface FirstPartOwner extends BodyOwner {
  /** A part of it came. */
  progress(): void;
  /** The first part is there, or the whole. */
  firstPartCame(): void;
  /** There is no room for it. */
  noRoom(reason: ReasonCode): void;
}

export interface FirstPartBounds {
  /** Enough to begin with. */
  readonly enoughBytes: number;
  /** More is too large for the route. */
  readonly maxBytes: number;
  readonly memory: BodyMemory;
  /** Who counts as one client with it; null: nobody in particular. */
  readonly party: string | null;
}

/** So many parts at a time are joined: each costs some hundred bytes beside what it holds, which may be one. */
const joinedParts = 256;

export class FirstPart {
  readonly chunks: Buffer[] = [];
  /** Nothing follows. */
  whole = false;
  readonly #source: IncomingMessage;
  readonly #owner: FirstPartOwner;
  readonly #bounds: FirstPartBounds;
  readonly #pace: BodyPace;
  #heldBytes = 0;
  /** Parts at the front that are joined ones. */
  #joined = 0;

  constructor(source: IncomingMessage, owner: FirstPartOwner, bounds: FirstPartBounds, pace: BodyPace) {
    this.#source = source;
    this.#owner = owner;
    this.#bounds = bounds;
    this.#pace = pace;
    pace.wait(performance.now());
    source.on('error', ignore);
    source.on('data', this.#take);
    source.on('end', this.#end);
  }

  readonly #take = (chunk: Buffer): void => {
    const { enoughBytes, maxBytes, memory, party } = this.#bounds;
    this.#owner.bytesIn += chunk.length;
    this.#pace.came(chunk.length);
    if (this.#owner.bytesIn > maxBytes) {
      this.#owner.bodyTooLarge();
      return;
    }
    const full = memory.take(chunk.length, party);
    if (full !== null) {
      this.#owner.noRoom(full);
      return;
    }
    this.#heldBytes += chunk.length;
    this.chunks.push(chunk);
    if (this.chunks.length - this.#joined === joinedParts) this.#join();
    if (this.#heldBytes >= enoughBytes) this.#came();
    else this.#owner.progress();
  };

  readonly #end = (): void => {
    this.whole = true;
    this.#came();
  };

  #came(): void {
    this.#letGo();
    this.#owner.firstPartCame();
  }

  #join(): void {
    this.chunks.push(Buffer.concat(this.chunks.splice(this.#joined)));
    this.#joined = this.chunks.length;
  }

  #letGo(): void {
    this.#pace.hold(performance.now());
    this.#source.off('data', this.#take);
    this.#source.off('end', this.#end);
    if (!this.#source.complete) this.#source.pause();
  }

  /** It is on its way, and no longer held here. */
  handedOn(): void {
    this.#bounds.memory.give(this.#heldBytes, this.#bounds.party);
    this.#heldBytes = 0;
    this.chunks.length = 0;
  }

  /** The request is over. */
  drop(): void {
    this.#letGo();
    this.handedOn();
  }
}
