/**
 * The key ring that replicas share through Redis. A replica replaces only what it has read: if two create a key at the same time, one wins
 * and the other adopts it.
 */
import type { RedisLink, RunScript } from '../redis/redis-link.ts';
import type { RingKey } from './key-ring.ts';
import { deriveRingSecret, maxRingBytes, openRing, type RingSecret, sealRing } from './sealed-ring.ts';

export interface SharedRingOptions {
  readonly link: RedisLink;
  readonly keyPrefix: string;
  readonly secret: string;
  /** The newest first. */
  readonly previousSecrets: readonly string[];
  /** The ring expires in Redis this long after it was last written. */
  readonly lifeMs: number;
}

export interface HeldRing {
  /** As read; empty: no ring under this secret. */
  readonly bytes: Buffer;
  readonly keys: readonly RingKey[];
  /** Whether they are stored under the current secret. */
  readonly current: boolean;
}

/** 1: it was replaced. What has been read is compared without the bytes beyond `maxRingBytes`, which are never read. */
const replace = `
local held = redis.call('GETRANGE', KEYS[1], 0, ${maxRingBytes})
if held ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

export class SharedRing {
  readonly #link: RedisLink;
  readonly #keyPrefix: string;
  readonly #secret: RingSecret;
  readonly #previous: readonly RingSecret[];
  readonly #lifeMs: number;
  readonly #replace: RunScript;

  constructor({ link, keyPrefix, secret, previousSecrets, lifeMs }: SharedRingOptions) {
    this.#link = link;
    this.#keyPrefix = keyPrefix;
    this.#secret = deriveRingSecret(secret);
    this.#previous = previousSecrets.map(deriveRingSecret);
    this.#lifeMs = lifeMs;
    this.#replace = link.script({ name: 'rolegateReplaceRing', lua: replace, keys: 1 });
  }

  /** An inauthentic ring counts as missing, and is replaced. Rejects if Redis does not respond. */
  async read(): Promise<HeldRing> {
    const bytes = await this.#bytes(this.#secret);
    if (bytes.length > 0) {
      const keys = openRing(bytes, this.#secret);
      return { bytes, keys: keys ?? [], current: keys !== null };
    }
    // After a change of the secret: known keys stay in use.
    for (const secret of this.#previous) {
      const keys = openRing(await this.#bytes(secret), secret);
      if (keys !== null) return { bytes, keys, current: false };
    }
    return { bytes, keys: [], current: false };
  }

  /** False: another replica was faster. */
  async replace({ bytes }: HeldRing, keys: readonly RingKey[]): Promise<boolean> {
    const reply = await this.#replace(
      [this.#nameOf(this.#secret)],
      [bytes, sealRing(keys, this.#secret), this.#lifeMs],
    );
    return reply === 1;
  }

  #bytes(secret: RingSecret): Promise<Buffer> {
    return this.#link.run((client) => client.getrangeBuffer(this.#nameOf(secret), 0, maxRingBytes));
  }

  #nameOf({ name }: RingSecret): string {
    return `${this.#keyPrefix}identity-keys:${name}`;
  }
}
