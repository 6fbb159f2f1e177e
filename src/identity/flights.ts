/**
 * One lookup under way for each credential, however many requests wait for it. A flight has exactly the key of the cache,
 * so that its end, good or bad, is never shared with another credential (CVE-2026-71326).
 */
import type { Credential } from '../core/credential/credential.ts';
import { textOf } from './credential-text.ts';

export class Flights<T> {
  readonly #flights = new Map<string, Promise<T>>();
  readonly #max: number;

  /** `max`: credentials that may be looked up at once. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#flights.size;
  }

  /** The flight under way, or undefined. */
  get(credential: Credential): Promise<T> | undefined {
    return this.#flights.get(keyOf(credential));
  }

  /** Starts a flight; null when too many are under way. */
  start(credential: Credential, lookUp: () => Promise<T>): Promise<T> | null {
    if (this.#flights.size >= this.#max) return null;
    const key = keyOf(credential);
    const flight = lookUp().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}

function keyOf(credential: Credential): string {
  return `${credential.kind} ${textOf(credential)}`;
}
