/**
 * Verdicts in Redis, shared by all replicas under `cache.secret`. Redis is a help, never a condition: whatever goes wrong
 * with it is a miss and an event. Every command has a deadline, nothing waits for a connection, and writes are sent and
 * forgotten.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { RedisLink } from '../redis/redis-link.ts';
import { type CacheKeys, lookupKey, type SecretKeys } from './cache-key.ts';
import type { IdentityEvents } from './events.ts';
import { decodeEntry, encodeEntry, maxEntryBytes } from './redis-entry.ts';
import { entryKey } from './redis-keys.ts';
import { lives, type Verdict, type VerdictStore } from './verdict.ts';

export interface RedisCacheOptions {
  /** Ends with whoever made it. */
  readonly link: Pick<RedisLink, 'client'>;
  readonly keyPrefix: string;
  readonly keys: CacheKeys;
  readonly events: IdentityEvents;
}

/** Writes that may be under way at once; beyond it a verdict is not shared. */
const maxWritesInFlight = 256;

export class RedisCache implements VerdictStore {
  readonly #client: RedisLink['client'];
  readonly #keyPrefix: string;
  readonly #keys: CacheKeys;
  readonly #events: IdentityEvents;
  #writesInFlight = 0;

  constructor({ link, keyPrefix, keys, events }: RedisCacheOptions) {
    this.#client = link.client;
    this.#keyPrefix = keyPrefix;
    this.#keys = keys;
    this.#events = events;
  }

  /**
   * The verdict under the current secret, or under a previous one: then it is kept anew under the current one, so that
   * a rotation asks the Auth API nothing. Costs one round trip, and one more for each previous secret when there is none.
   */
  async find(
    credential: Credential,
    nowMs: number,
    lookup = lookupKey(credential, this.#keys),
  ): Promise<Verdict | null> {
    const found = await this.#look(credential, lookup, this.#keys, nowMs);
    if (typeof found !== 'string') return found;
    for (const keys of found === 'none' ? this.#keys.previous : []) {
      const earlier = await this.#look(credential, lookupKey(credential, keys), keys, nowMs);
      if (typeof earlier === 'string') continue;
      this.keep(credential, earlier, nowMs);
      return earlier;
    }
    if (found === 'none') this.#events.redis('get', 'miss');
    return null;
  }

  keep(credential: Credential, verdict: Verdict, nowMs: number): void {
    const lifeMs = Math.ceil(verdict.endMs - nowMs);
    if (!lives(verdict, nowMs)) return;
    const lookup = lookupKey(credential, this.#keys);
    const entry = encodeEntry(verdict, lookup, this.#keys.entry);
    if (entry === null || this.#writesInFlight >= maxWritesInFlight) {
      this.#events.redis('set', 'skipped');
      return;
    }
    void this.#write(entryKey(this.#keyPrefix, lookup), entry, lifeMs);
  }

  /** `none`: there is no entry; `unusable`: Redis could not say, or what lies there did not prove itself. */
  async #look(
    credential: Credential,
    lookup: string,
    keys: SecretKeys,
    nowMs: number,
  ): Promise<Verdict | 'none' | 'unusable'> {
    const bytes = await this.#read(entryKey(this.#keyPrefix, lookup));
    if (bytes === null) return 'unusable';
    if (bytes.length === 0) return 'none';
    const verdict = decodeEntry(bytes, lookup, credential.kind, keys.entry, nowMs);
    this.#events.redis('get', verdict === null ? 'invalid' : 'hit');
    return verdict ?? 'unusable';
  }

  /** The bytes, empty when there are none; null when Redis could not say. A part more than may be believed, and no more. */
  async #read(key: string): Promise<Buffer | null> {
    try {
      return await this.#client.getrangeBuffer(key, 0, maxEntryBytes);
    } catch {
      this.#events.redis('get', 'error');
      return null;
    }
  }

  async #write(key: string, entry: Buffer, lifeMs: number): Promise<void> {
    this.#writesInFlight += 1;
    try {
      await this.#client.set(key, entry, 'PX', lifeMs);
      this.#events.redis('set', 'ok');
    } catch {
      this.#events.redis('set', 'error');
    } finally {
      this.#writesInFlight -= 1;
    }
  }
}
