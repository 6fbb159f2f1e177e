/**
 * One lookup under way for each credential, however many requests wait for it. A flight has exactly the key of the cache,
 * so that its end, good or bad, is never shared with another credential (CVE-2026-71326).
 */
import type { Credential } from '../../core/credential/credential.ts';
import { memoryKey } from '../cache/memory-cache.ts';
import { ClientShares } from '../client-shares.ts';

/** Once `crowded` flights are under way, no client begins more than `ofClient`. */
interface Share {
  readonly crowded: number;
  readonly ofClient: number;
}

export class SingleFlight<T> {
  readonly #underWay = new Map<string, { readonly flight: Promise<T>; readonly client: string | undefined }>();
  readonly #max: number;
  readonly #crowded: number;
  readonly #shares: ClientShares;

  /** `max`: credentials that may be looked up at once. */
  constructor(max: number, share: Share = { crowded: max, ofClient: max }) {
    this.#max = max;
    this.#crowded = share.crowded;
    this.#shares = new ClientShares(share.ofClient);
  }

  get size(): number {
    return this.#underWay.size;
  }

  /** The flight under way, or undefined. */
  get(credential: Credential): Promise<T> | undefined {
    return this.#underWay.get(memoryKey(credential))?.flight;
  }

  /** The client whose request began the flight under way. */
  clientOf(credential: Credential): string | undefined {
    return this.#underWay.get(memoryKey(credential))?.client;
  }

  /** Starts a flight; null when too many are under way, or too many of this client. */
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
    // Registered first, so that it is over before anybody who waits goes on; theirs is the promise itself, with no more in between.
    void flight.then(end, end);
    this.#underWay.set(key, { flight, client });
    return flight;
  }
}
