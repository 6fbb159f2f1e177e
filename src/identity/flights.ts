/**
 * One lookup under way for each credential, however many requests wait for it. A flight has exactly the key of the cache,
 * so that its end, good or bad, is never shared with another credential (CVE-2026-71326).
 */
import type { Credential } from '../core/credential/credential.ts';
import { textOf } from './credential-text.ts';

/** Once `crowded` flights are under way, no client begins more than `ofClient`. */
interface Share {
  readonly crowded: number;
  readonly ofClient: number;
}

export class Flights<T> {
  readonly #flights = new Map<string, Promise<T>>();
  readonly #byClient = new Map<string, number>();
  readonly #max: number;
  readonly #share: Share;

  /** `max`: credentials that may be looked up at once. */
  constructor(max: number, share: Share = { crowded: max, ofClient: max }) {
    this.#max = max;
    this.#share = share;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** The flight under way, or undefined. */
  get(credential: Credential): Promise<T> | undefined {
    return this.#flights.get(keyOf(credential));
  }

  /** Starts a flight; null when too many are under way, or too many of this client. */
  start(credential: Credential, lookUp: () => Promise<T>, client?: string): Promise<T> | null {
    if (this.#flights.size >= this.#max) return null;
    const held = client === undefined ? 0 : (this.#byClient.get(client) ?? 0);
    if (held >= this.#share.ofClient && this.#flights.size >= this.#share.crowded) return null;
    if (client !== undefined) this.#byClient.set(client, held + 1);
    const key = keyOf(credential);
    const flight = lookUp().finally(() => {
      this.#flights.delete(key);
      this.#landed(client);
    });
    this.#flights.set(key, flight);
    return flight;
  }

  #landed(client: string | undefined): void {
    if (client === undefined) return;
    const held = (this.#byClient.get(client) ?? 1) - 1;
    if (held === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, held);
  }
}

function keyOf(credential: Credential): string {
  return `${credential.kind} ${textOf(credential)}`;
}
