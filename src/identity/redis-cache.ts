/**
 * Verdicts in Redis, shared by all replicas under `cache.secret`. Redis is a help, never a condition: whatever goes wrong
 * with it is a miss and an event. Every command has a deadline, nothing waits for a connection, and writes are sent and
 * forgotten.
 */
import { Redis } from 'ioredis';
import type { RedisConfig } from '../config/config.ts';
import type { Credential } from '../core/credential/credential.ts';
import { type CacheKeys, lookupKey } from './cache-key.ts';
import type { IdentityEvents } from './events.ts';
import { decodeEntry, encodeEntry, maxEntryBytes } from './redis-entry.ts';
import { lives, type Verdict, type VerdictStore } from './verdict.ts';

export interface RedisCacheOptions {
  readonly config: RedisConfig;
  readonly keys: CacheKeys;
  readonly events: IdentityEvents;
}

/** Writes that may be under way at once; beyond it a verdict is not shared. */
const maxWritesInFlight = 256;

export class RedisCache implements VerdictStore {
  readonly #redis: Redis;
  readonly #keyPrefix: string;
  readonly #keys: CacheKeys;
  readonly #events: IdentityEvents;
  #writesInFlight = 0;

  constructor({ config, keys, events }: RedisCacheOptions) {
    this.#keyPrefix = config.keyPrefix;
    this.#keys = keys;
    this.#events = events;
    this.#redis = connect(config);
    this.#redis.on('ready', () => events.redis('connection', 'ok'));
    // Without a listener the client would print the error, and the address with it.
    this.#redis.on('error', () => events.redis('connection', 'error'));
    // Whether it succeeds is told by the two events.
    this.#redis.connect().catch(() => {});
  }

  /** Whether commands can be sent now. */
  get connected(): boolean {
    return this.#redis.status === 'ready';
  }

  async find(credential: Credential, nowMs: number): Promise<Verdict | null> {
    const lookup = lookupKey(credential, this.#keys);
    const bytes = await this.#read(this.#keyPrefix + lookup);
    if (bytes === null) return null;
    if (bytes.length === 0) {
      this.#events.redis('get', 'miss');
      return null;
    }
    const verdict = decodeEntry(bytes, lookup, credential.kind, this.#keys.entry, nowMs);
    this.#events.redis('get', verdict === null ? 'invalid' : 'hit');
    return verdict;
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
    void this.#write(this.#keyPrefix + lookup, entry, lifeMs);
  }

  /** Ends the connection; commands under way fail. */
  close(): void {
    this.#redis.disconnect();
  }

  /** The bytes, empty when there are none; null when Redis could not say. A part more than may be believed, and no more. */
  async #read(key: string): Promise<Buffer | null> {
    try {
      return await this.#redis.getrangeBuffer(key, 0, maxEntryBytes);
    } catch {
      this.#events.redis('get', 'error');
      return null;
    }
  }

  async #write(key: string, entry: Buffer, lifeMs: number): Promise<void> {
    this.#writesInFlight += 1;
    try {
      await this.#redis.set(key, entry, 'PX', lifeMs);
      this.#events.redis('set', 'ok');
    } catch {
      this.#events.redis('set', 'error');
    } finally {
      this.#writesInFlight -= 1;
    }
  }
}

function connect({ url, commandTimeoutMs }: RedisConfig): Redis {
  return new Redis(url, {
    connectionName: 'rolegate',
    lazyConnect: true,
    commandTimeout: commandTimeoutMs,
    // A command that cannot be sent now is a miss now.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // A Redis that is silent on an open connection: commands would pile up behind the first.
    socketTimeout: Math.max(1_000, 4 * commandTimeoutMs),
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), 2_000) * (0.5 + Math.random() / 2),
  });
}
