/**
 * What replicas share for a credential: the entry in Redis, and the flight that creates it. Entries are verified here before use, both
 * pushed and stored ones.
 */
import type { Credential } from '../../core/credential/credential.ts';
import type { RedisLink } from '../../redis/redis-link.ts';
import { type CacheKeys, lookupKey } from '../cache/cache-key.ts';
import { RedisCache } from '../cache/redis-cache.ts';
import { decodeEntry, encodeEntry } from '../cache/redis-entry.ts';
import type { IdentityEvents } from '../events.ts';
import type { Revocations } from '../revocation/create-revocations.ts';
import { lives, type Verdict } from '../verdict.ts';
import { type ReleaseLease, replicaChannel, SharedSingleFlight } from './shared-single-flight.ts';

export interface SharedVerdictsOptions {
  readonly link: RedisLink;
  readonly keyPrefix: string;
  /** Keys for the verdicts of a source, by its name. */
  readonly keysOf: (source: string) => CacheKeys;
  readonly revocations: Pick<Revocations, 'connection' | 'replicaId' | 'subscription'>;
  /** Life of a lease: longer than any call to the Auth API. */
  readonly leaseMs: number;
  readonly events: IdentityEvents;
  readonly now: () => number;
}

/** The turn of this replica after it has joined the others. */
export interface SharedTurn {
  /** The stored verdict; the caller decides whether it is usable. */
  readonly verdict: Verdict | null;
  /** Whether the calling replica pushed it. */
  readonly pushed: boolean;
  /** Whether this replica must call the Auth API, unless the verdict is usable. False: join again. */
  readonly asks: boolean;
  /** After the call: shares a verdict, or notifies the waiters that there is none. */
  end(verdict: Verdict | null): void;
  /** Instead of calling: the stored verdict is usable. */
  release(): void;
}

const nothing = () => {};

/** What replicas share of the verdicts of one source. */
interface SharedOfSource {
  readonly keys: CacheKeys;
  readonly cache: RedisCache;
}

export class SharedVerdicts {
  readonly #flights: SharedSingleFlight;
  readonly #sharedOf: (source: string) => SharedOfSource;
  readonly #events: IdentityEvents;
  readonly #now: () => number;

  /** Must be created in the same turn of the event loop as `revocations`, because it listens on their subscription. */
  constructor({ link, keyPrefix, keysOf, revocations, leaseMs, events, now }: SharedVerdictsOptions) {
    const { connection, replicaId, subscription } = revocations;
    const known = new Map<string, SharedOfSource>();
    this.#sharedOf = (source) => {
      let shared = known.get(source);
      if (shared === undefined) {
        const keys = keysOf(source);
        shared = { keys, cache: new RedisCache({ link, keyPrefix, keys, events }) };
        known.set(source, shared);
      }
      return shared;
    };
    this.#flights = new SharedSingleFlight({
      link,
      keyPrefix,
      replicaId,
      leaseMs,
      connected: () => connection.isConnected(now()),
      onOutcome: (outcome, waitedS) => events.sharedLookUp(outcome, waitedS),
    });
    subscription?.on(replicaChannel(keyPrefix, replicaId), (message) => this.#flights.deliver(message));
    this.#events = events;
    this.#now = now;
  }

  /** Stops all waits for other replicas. */
  close(): void {
    this.#flights.close();
  }

  /** `source`: its name. */
  find(credential: Credential, source: string): Promise<Verdict | null> {
    return this.#sharedOf(source).cache.find(credential, this.#now());
  }

  /** `skipsEntry`: the result of `find` is not usable. Never rejects. */
  async join(credential: Credential, source: string, skipsEntry: boolean): Promise<SharedTurn> {
    const { keys, cache } = this.#sharedOf(source);
    const lookup = lookupKey(credential, keys);
    const turn = await this.#flights.join(lookup, skipsEntry);
    const keepAlone = (verdict: Verdict | null) => {
      if (verdict !== null) cache.keep(credential, verdict, this.#now());
    };
    if (turn.kind === 'alone') {
      return { verdict: null, pushed: false, asks: true, end: keepAlone, release: nothing };
    }
    const verdict = this.#prove(turn.entry, lookup, credential.kind, keys);
    if (turn.kind === 'entry') {
      return { verdict, pushed: turn.pushed, asks: turn.pushed, end: keepAlone, release: nothing };
    }
    const end = (result: Verdict | null) => void this.#end(turn.end, lookup, result, keys);
    return { verdict, pushed: false, asks: true, end, release: () => end(verdict) };
  }

  #prove(entry: Buffer, lookup: string, kind: Credential['kind'], keys: CacheKeys): Verdict | null {
    if (entry.length === 0) return null;
    const verdict = decodeEntry(entry, lookup, kind, keys.entry, this.#now());
    if (verdict === null) this.#events.redis('get', 'invalid');
    return verdict;
  }

  async #end(end: ReleaseLease, lookup: string, verdict: Verdict | null, keys: CacheKeys): Promise<void> {
    const nowMs = this.#now();
    const shareable = verdict !== null && lives(verdict, nowMs) ? verdict : null;
    const entry = shareable === null ? null : encodeEntry(shareable, lookup, keys.entry);
    const done = await end(entry, shareable === null ? 0 : shareable.endMs - nowMs);
    if (entry !== null || !done) this.#events.redis('set', done ? 'ok' : 'error');
    else if (shareable !== null) this.#events.redis('set', 'oversize');
  }
}
