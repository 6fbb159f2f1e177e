/**
 * Passes a service's response on to the client. The head waits for the first part of the body, so that a response that arrives
 * whole leaves in one write; `flush` sends it when nothing more has come. A response can be held back until something is done
 * that the client may rely on once it has it.
 */

import { mayHaveBody } from '../http1/grammar/response-head.ts';
import type { Response } from '../http1/server/response.ts';
import type { ResponseHead } from './response-head.ts';

export class ResponseRelay {
  readonly #response: Response;
  readonly #method: string;
  /** Not null between its arrival and its sending. */
  #head: ResponseHead | null = null;
  /** A first part of the body that waits with the head. */
  #first: Buffer | null = null;
  /** Not null while the response is held back: what came of its body. */
  #held: Buffer[] | null = null;
  #heldWhole = false;

  constructor(response: Response, method: string) {
    this.#response = response;
    this.#method = method;
  }

  begin(head: ResponseHead): void {
    this.#head = head;
  }

  /** Holds the response back until `release`. */
  hold(): void {
    this.#held = [];
  }

  /** Passes on what was held back. False and throws as `write`. */
  release(): boolean {
    const parts = this.#held ?? [];
    this.#held = null;
    let more = true;
    for (const part of parts) more = this.write(part) && more;
    if (this.#heldWhole) this.end();
    else this.flush();
    return more;
  }

  /** A part of the body. False: the client is slow, and `drained` tells when it can take more. Throws as `writeHead` does. */
  write(part: Buffer): boolean {
    if (this.#held !== null) {
      this.#held.push(part);
      return true;
    }
    if (this.#head !== null) {
      if (this.#first === null) {
        this.#first = part;
        return true;
      }
      this.#sendHead(this.#head);
    }
    return this.#response.write(part);
  }

  /** Nothing more has come for now: what waits is sent. */
  flush(): void {
    if (this.#held !== null || this.#head === null) return;
    // Without a body its end is here next, and takes the head along.
    if (!mayHaveBody(this.#method, this.#head.status)) return;
    this.#sendHead(this.#head);
    this.#response.flush();
  }

  /** The response is whole. */
  end(): void {
    if (this.#held !== null) {
      this.#heldWhole = true;
      return;
    }
    const head = this.#head;
    if (head === null) {
      this.#response.end();
      return;
    }
    const first = this.#first;
    this.#first = null;
    // All of it is here, so its length is known, whatever framing the service chose.
    if (head.contentLength < 0 && mayHaveBody(this.#method, head.status))
      head.headers.push('content-length', String(first?.length ?? 0));
    this.#sendHead(head);
    this.#response.end(first);
  }

  /** A refusal takes the place of the response, of which nothing was sent. */
  drop(): void {
    this.#head = null;
    this.#first = null;
    this.#held = null;
  }

  #sendHead(head: ResponseHead): void {
    const first = this.#first;
    this.#head = null;
    this.#first = null;
    this.#response.writeHead(head.status, head.statusText, head.headers);
    if (first !== null) this.#response.write(first);
  }
}
