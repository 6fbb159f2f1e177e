/**
 * Finds the identity behind a credential: memory, then Redis, then one flight to the Auth API. A verdict in memory is
 * returned at once, without a promise and without a hash. Only a clear yes or no is kept; when nobody knows, the answer
 * says so, and the door stays closed.
 */
import { randomBytes } from 'node:crypto';
import type { CacheConfig } from '../config/config.ts';
import type { Credential } from '../core/credential/credential.ts';
import type { Resolution, ResolveIdentity, Unresolved } from '../core/identity/identity.ts';
import { type AuthApiClientConfig, createAuthApiClient } from './auth-api-client.ts';
import { deriveCacheKeys } from './cache-key.ts';
import type { IdentityEvents, VerdictOutcome } from './events.ts';
import { Flights } from './flights.ts';
import { createLookUp, type Finding } from './look-up.ts';
import { MemoryCache } from './memory-cache.ts';
import { RedisCache } from './redis-cache.ts';

export interface IdentityResolverOptions {
  readonly authApi: AuthApiClientConfig;
  readonly cache: CacheConfig;
  readonly events: IdentityEvents;
  /** Milliseconds since the epoch, whole. */
  readonly now: () => number;
}

export interface IdentityResolver {
  readonly resolve: ResolveIdentity;
  /** Whether the Auth API can be reached. Redis does not count: it is a help, not a condition. */
  ready(): Promise<boolean>;
  /** Whether Redis is connected; null when none is configured. For information only. */
  redisConnected(): boolean | null;
  stats(): IdentityStats;
  /** Ends connections and timers; lookups under way end as `auth_unavailable`. */
  close(): Promise<void>;
}

export interface IdentityStats {
  /** Entries in memory. */
  readonly accepted: number;
  readonly rejected: number;
  /** Credentials being looked up now. */
  readonly flights: number;
}

/** Lookups at once beyond what the Auth API is asked: those that are with Redis. */
const flightsBeyondCalls = 1_024;

/** Reasons that mean that the Auth API is out of reach, so that a verdict past its life may stand in for it. */
const outages: ReadonlySet<Unresolved['reason']> = new Set([
  'auth_unavailable',
  'auth_timeout',
  'auth_busy',
  'auth_answer_invalid',
]);

export function createIdentityResolver({ authApi, cache, events, now }: IdentityResolverOptions): IdentityResolver {
  const memory = new MemoryCache(cache);
  const keys = deriveCacheKeys(cache.secret ?? randomBytes(32));
  const redis = cache.redis === null ? null : new RedisCache({ config: cache.redis, keys, events });
  const client = createAuthApiClient({ config: authApi, events, now });
  const lookUp = createLookUp({ memory, redis, client, lifetimes: cache, now });
  // While calls have to wait for their turn, made-up credentials of one client leave room for everybody else.
  const share = { crowded: authApi.concurrency, ofClient: Math.max(1, authApi.concurrency >> 1) };
  const flights = new Flights<Finding>(2 * authApi.concurrency + flightsBeyondCalls, share);

  function tell(resolution: Resolution): Resolution {
    events.verdict(resolution.source, outcomeOf(resolution));
    return resolution;
  }

  async function resolveSlowly(credential: Credential, oldestMs: number, client?: string): Promise<Resolution> {
    for (;;) {
      const joined = flights.get(credential);
      const flight = joined ?? flights.start(credential, () => lookUp(credential, oldestMs), client);
      if (flight === null) return whenUnknown(credential, oldestMs, 'auth_busy', null);
      const { resolution, askedAtMs } = await flight;
      if (isUnknown(resolution)) return whenUnknown(credential, oldestMs, resolution.reason, resolution.retryAfterS);
      // A flight of somebody who accepts older verdicts may have found one too old here. One of our own has not.
      if (joined === undefined || askedAtMs >= oldestMs) return resolution;
    }
  }

  function whenUnknown(
    credential: Credential,
    oldestMs: number,
    reason: Unresolved['reason'],
    retryAfterS: number | null,
  ): Resolution {
    if (cache.staleOnOutageMs > 0 && outages.has(reason)) {
      const held = memory.findStale(credential, now());
      if (held !== null && held.askedAtMs >= oldestMs) {
        events.stale();
        return held.accepted;
      }
    }
    return { identity: null, reason, retryAfterS, source: 'none' };
  }

  return {
    resolve(credential, maxAgeMs, client) {
      const nowMs = now();
      const oldestMs = nowMs - maxAgeMs;
      const entry = memory.find(credential, nowMs);
      if (entry !== null && entry.askedAtMs >= oldestMs) return tell(entry.resolution);
      return resolveSlowly(credential, oldestMs, client).then(tell);
    },
    ready: () => client.ready(),
    redisConnected: () => (redis === null ? null : redis.connected),
    stats: () => ({ ...memory.size, flights: flights.size }),
    async close() {
      redis?.close();
      await client.close();
    },
  };
}

function isUnknown(resolution: Resolution): resolution is Unresolved {
  return resolution.reason !== null && resolution.reason !== 'credential_rejected';
}

function outcomeOf(resolution: Resolution): VerdictOutcome {
  return resolution.reason ?? 'accepted';
}
