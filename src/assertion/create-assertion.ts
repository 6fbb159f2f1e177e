/** Creates the signer of identities for one configuration, and keeps the keys of an earlier one if they are the same. */
import type { CacheConfig, IdentityAssertionConfig } from '../config/config.ts';
import type { ConnectRedis } from '../redis/redis-link.ts';
import { createFileKeys } from './file-keys.ts';
import { IdentityAssertion } from './identity-assertion.ts';
import type { RingKey } from './key-ring.ts';
import { type KeyEvents, RotatingKeys } from './rotating-keys.ts';
import { SharedRing } from './shared-ring.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface AssertionParts {
  readonly assertion: IdentityAssertionConfig;
  readonly cache: Pick<CacheConfig, 'redis' | 'secret' | 'previousSecrets'>;
  /** Called when keys are shared through Redis; the link ends with them. */
  readonly connectRedis: ConnectRedis;
  readonly events: KeyEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The signer, and the settings of its keys. */
export interface AssertionInUse {
  readonly assertion: IdentityAssertion;
  readonly madeBy: string;
  /** Null: keys are not shared. */
  readonly secret: string | null;
}

/** `previous` may be null. The caller must close its keys, unless the result has the same ones. */
export function createAssertion(parts: AssertionParts, previous: AssertionInUse | null): AssertionInUse {
  const { header: _, issuer, lifetimeMs, ...keySettings } = parts.assertion;
  const madeBy = JSON.stringify([keySettings, keySettings.keys === null ? parts.cache : null]);
  const { secret } = parts.cache;
  const kept = previous !== null && previous.madeBy === madeBy ? previous.assertion.keys : null;
  const keys = kept ?? createKeys(parts, previous?.secret === secret ? ringOf(previous) : []);
  return { assertion: new IdentityAssertion({ issuer, lifetimeMs, keys, now: parts.now }), madeBy, secret };
}

function createKeys(parts: AssertionParts, known: readonly RingKey[]): SigningKeys {
  const { assertion, cache, events, now } = parts;
  if (assertion.keys !== null) return createFileKeys(assertion.keys);
  const { algorithm, rotateMs, overlapMs } = assertion;
  const rotation = { algorithm, rotateMs, overlapMs };
  const { redis, secret, previousSecrets } = cache;
  if (redis === null || secret === null) return new RotatingKeys({ rotation, ring: null, known, events, now });
  // As soon as Redis is connected, not at the next interval.
  const link = parts.connectRedis(redis, { name: 'rolegate-keys', onReady: () => void keys.sync() });
  const lifeMs = 2 * rotateMs + 2 * overlapMs;
  const ring = new SharedRing({ link, keyPrefix: redis.keyPrefix, secret, previousSecrets, lifeMs });
  const keys = new RotatingKeys({ rotation, ring, known, events, now, onClose: () => link.close() });
  return keys;
}

/** Services already know these keys. Under another secret they may be compromised. */
function ringOf({ assertion: { keys } }: AssertionInUse): readonly RingKey[] {
  return keys instanceof RotatingKeys ? keys.ringKeys : [];
}
