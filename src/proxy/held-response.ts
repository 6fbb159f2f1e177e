/** A service's response that is held until something is done that the client may rely on after the response. */
import type { Relay } from './response-relay.ts';

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
