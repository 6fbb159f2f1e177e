/**
 * One look-up per credential at a time, for any number of waiting requests. A flight has exactly the key of the cache, so its result is
 * never shared with another credential (CVE-2026-71326).
 */
import type { Credential } from '../../core/credential/credential.ts';
import { memoryKey } from '../cache/memory-cache.ts';
import { ClientShares } from '../client-shares.ts';

/** Once `crowded` flights are in progress, a client begins at most `ofClient`. */
interface Share {
  readonly crowded: number;
  readonly ofClient: number;
}

export class SingleFlight<T> {
  readonly #underWay = new Map<string, { readonly flight: Promise<T>; readonly client: string | undefined }>();
  readonly #max: number;
  readonly #crowded: number;
  readonly #shares: ClientShares;

  /** `max`: maximum concurrent look-ups. */
  constructor(max: number, share: Share = { crowded: max, ofClient: max }) {
    this.#max = max;
    this.#crowded = share.crowded;
    this.#shares = new ClientShares(share.ofClient);
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** The flight in progress, or undefined. */
  get(credential: Credential): Promise<T> | undefined {
    return this.#underWay.get(memoryKey(credential))?.flight;
  }

  /** The client whose request began the flight in progress. */
  clientOf(credential: Credential): string | undefined {
    return this.#underWay.get(memoryKey(credential))?.client;
  }

  /** Starts a flight; null if too many are in progress, or too many of this client. */
  start(credential: Credential, lookUp: () => Promise<T>, client?: string): Promise<T> | null {
    const { size } = this;
    if (size >= this.#max || !this.#shares.allow(client, size >= this.#crowded)) return null;
    this.#shares.begin(client);
    const key = memoryKey(credential);
    const flight = lookUp();
    const end = () => {
      this.#underWay.delete(key);
      this.#shares.end(client);
    };
    // Registered first, so that the flight has ended before any waiter continues; waiters await the promise itself.
    void flight.then(end, end);
    this.#underWay.set(key, { flight, client });
    return flight;
  }
}
