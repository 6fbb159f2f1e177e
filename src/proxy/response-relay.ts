/**
 * Forwards a service's response to the client. The head waits for the first part of the body, so that a response that arrives at once
 * leaves in one write; `flush` sends it if nothing more has arrived.
 */
import { mayHaveBody } from '../http1/grammar/response-head.ts';
import type { ClientResponse } from '../http1/server/client-response.ts';
import type { ResponseHead } from './response-head.ts';

/** Receives the response of a service after its head. */
export interface Relay {
  /** A part of the body. False: the client is slow; `drained` is called when it can accept more. Throws like `writeHead`. */
  write(part: Buffer): boolean;
  /** Nothing more has arrived for now: waiting bytes are sent. */
  flush(): void;
  /** The response is complete. */
  end(): void;
  /** A refusal replaces the response, none of which was sent. */
  drop(): void;
}

export class ResponseRelay implements Relay {
  readonly #response: ClientResponse;
  readonly #method: string;
  /** Null: it was sent. */
  #head: ResponseHead | null;
  /** A first part of the body that waits with the head. */
  #first: Buffer | null = null;

  constructor(response: ClientResponse, method: string, head: ResponseHead) {
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
    // Without a body the end follows immediately, and sends the head.
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
    // It is complete, so its length is known, regardless of the service's framing.
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

/** A response that is held until something is done that the client may rely on after it. */
export class HeldResponse implements Relay {
  readonly #relay: Relay;
  #parts: Buffer[] = [];
  #whole = false;

  constructor(relay: Relay) {
    this.#relay = relay;
  }

  write(part: Buffer): boolean {
    this.#parts.push(part);
    return true;
  }

  flush(): void {}

  end(): void {
    this.#whole = true;
  }

  drop(): void {
    this.#parts = [];
    this.#relay.drop();
  }

  /** Forwards the held response. Returns and throws like `write` of the relay. */
  release(): boolean {
    let more = true;
    for (const part of this.#parts) more = this.#relay.write(part) && more;
    if (this.#whole) this.#relay.end();
    else this.#relay.flush();
    return more;
  }
}
