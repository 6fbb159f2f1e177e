/**
 * Passes a service's response on to the client. The head waits for the first part of the body, so that a response that arrives
 * whole leaves in one write; `flush` sends it when nothing more has come.
 */
import { mayHaveBody } from '../http1/grammar/response-head.ts';
import type { Response } from '../http1/server/response.ts';
import type { ResponseHead } from './response-head.ts';

/** What takes the response of a service behind its head. */
export interface Relay {
  /** A part of the body. False: the client is slow, and `drained` tells when it can take more. Throws as `writeHead` does. */
  write(part: Buffer): boolean;
  /** Nothing more has come for now: what waits is sent. */
  flush(): void;
  /** The response is whole. */
  end(): void;
  /** A refusal takes the place of the response, of which nothing was sent. */
  drop(): void;
}

export class ResponseRelay implements Relay {
  readonly #response: Response;
  readonly #method: string;
  /** Null: it was sent. */
  #head: ResponseHead | null;
  /** A first part of the body that waits with the head. */
  #first: Buffer | null = null;

  constructor(response: Response, method: string, head: ResponseHead) {
    this.#response = response;
    this.#method = method;
    this.#head = head;
  }

  write(part: Buffer): boolean {
    if (this.#head !== null) {
      if (this.#first === null) {
        this.#first = part;
        return true;
      }
      this.#sendHead(this.#head);
    }
    return this.#response.write(part);
  }

  flush(): void {
    // Without a body its end is here next, and takes the head along.
    if (this.#head === null || !mayHaveBody(this.#method, this.#head.status)) return;
    this.#sendHead(this.#head);
    this.#response.flush();
  }

  end(): void {
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

  drop(): void {
    this.#head = null;
    this.#first = null;
  }

  #sendHead(head: ResponseHead): void {
    const first = this.#first;
    this.#head = null;
    this.#first = null;
    this.#response.writeHead(head.status, head.statusText, head.headers);
    if (first !== null) this.#response.write(first);
  }
}
