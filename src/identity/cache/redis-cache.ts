/**
 * Verdicts of one source in Redis, shared by replicas with the same rules for it under `cache.secret`. Redis is optional: any failure is a
 * miss and an event. Every command has a deadline, nothing waits for a connection, and nothing waits for writes.
 */
import type { Credential } from '../../core/credential/credential.ts';
import type { RedisLink } from '../../redis/redis-link.ts';
import type { IdentityEvents } from '../events.ts';
import { lives, type Verdict, type VerdictStore } from '../verdict.ts';
import { type CacheKeys, lookupKey, type SecretKeys } from './cache-key.ts';
import { decodeEntry, encodeEntry, maxEntryBytes } from './redis-entry.ts';
import { entryKey } from './redis-keys.ts';

export interface RedisCacheOptions {
  /** Its owner closes it. */
  readonly link: Pick<RedisLink, 'run'>;
  readonly keyPrefix: string;
  readonly keys: CacheKeys;
  readonly events: IdentityEvents;
}

/** Maximum concurrent writes; beyond it a verdict is not shared. */
const maxWritesInFlight = 256;

export class RedisCache implements VerdictStore {
  readonly #run: RedisLink['run'];
  readonly #keyPrefix: string;
  readonly #keys: CacheKeys;
  readonly #events: IdentityEvents;
  #writesInFlight = 0;

  constructor({ link, keyPrefix, keys, events }: RedisCacheOptions) {
    this.#run = link.run;
    this.#keyPrefix = keyPrefix;
    this.#keys = keys;
    this.#events = events;
  }

  /**
   * The verdict under the current secret, or under a previous one: then it is cached again under the current one, so that a rotation causes
   * no calls to the Auth API. It costs one round trip, and one more per previous secret on a miss.
   */
  async find(credential: Credential, nowMs: number): Promise<Verdict | null> {
    const lookup = lookupKey(credential, this.#keys);
    let bytes: Buffer;
    try {
      bytes = await this.#read(lookup);
    } catch {
      this.#events.redis('get', 'error');
      return null;
    }
    if (bytes.length > 0) return this.#prove(bytes, credential.kind, lookup, this.#keys, nowMs);
    return this.#keys.previous.length > 0 ? this.#findEarlier(credential, nowMs) : this.#miss();
  }

  keep(credential: Credential, verdict: Verdict, nowMs: number): void {
    const lifeMs = Math.ceil(verdict.endMs - nowMs);
    if (!lives(verdict, nowMs)) return;
    const lookup = lookupKey(credential, this.#keys);
    const entry = encodeEntry(verdict, lookup, this.#keys.entry);
    if (entry === null || this.#writesInFlight >= maxWritesInFlight) {
      this.#events.redis('set', entry === null ? 'oversize' : 'skipped');
      return;
    }
    void this.#write(entryKey(this.#keyPrefix, lookup), entry, lifeMs);
  }

  async #findEarlier(credential: Credential, nowMs: number): Promise<Verdict | null> {
    for (const keys of this.#keys.previous) {
      const lookup = lookupKey(credential, keys);
      const bytes = await this.#read(lookup).catch(() => null);
      if (bytes === null) this.#events.redis('get', 'error');
      if (bytes === null || bytes.length === 0) continue;
      const verdict = this.#prove(bytes, credential.kind, lookup, keys, nowMs);
      if (verdict === null) continue;
      this.keep(credential, verdict, nowMs);
      return verdict;
    }
    return this.#miss();
  }

  #miss(): null {
    this.#events.redis('get', 'miss');
    return null;
  }

  /** Null: the entry there is not authentic. */
  #prove(
    bytes: Buffer,
    kind: Credential['kind'],
    lookup: string,
    { entry }: SecretKeys,
    nowMs: number,
  ): Verdict | null {
    const verdict = decodeEntry(bytes, lookup, kind, entry, nowMs);
    this.#events.redis('get', verdict === null ? 'invalid' : 'hit');
    return verdict;
  }

  /** The bytes, or empty. Reads one byte more than the maximum size, and no more. */
  #read(lookup: string): Promise<Buffer> {
    return this.#run((client) => client.getrangeBuffer(entryKey(this.#keyPrefix, lookup), 0, maxEntryBytes));
  }

  async #write(key: string, entry: Buffer, lifeMs: number): Promise<void> {
    this.#writesInFlight += 1;
    try {
      await this.#run((client) => client.set(key, entry, 'PX', lifeMs));
      this.#events.redis('set', 'ok');
    } catch {
      this.#events.redis('set', 'error');
    } finally {
      this.#writesInFlight -= 1;
    }
  }
}
