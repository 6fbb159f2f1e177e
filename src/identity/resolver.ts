/**
 * Finds the identity behind a credential: memory, then Redis, then one flight of all replicas to the Auth API. A verdict
 * in memory is returned at once, without a promise and without a hash. Only a clear yes or no is kept; when nobody knows,
 * the answer says so, and the door stays closed.
 */
import { randomBytes } from 'node:crypto';
import type { CacheConfig } from '../config/config.ts';
import type { Credential } from '../core/credential/credential.ts';
import type { Resolution, ResolveIdentity, Unresolved } from '../core/identity/identity.ts';
import type { ConnectRedis, RedisLinkOptions } from '../redis/redis-link.ts';
import { deriveCacheKeys, lookupKeys } from './cache/cache-key.ts';
import { MemoryCache } from './cache/memory-cache.ts';
import { RefreshAhead } from './cache/refresh-ahead.ts';
import { StaleVerdicts } from './cache/stale-verdicts.ts';
import type { IdentityEvents, VerdictOutcome } from './events.ts';
import { createLookUp, type Finding } from './look-up.ts';
import { createRevocations, type Revocations, type Siblings } from './revocation/create-revocations.ts';
import { tombstoneLifeMs } from './revocation/tombstones.ts';
import { SharedVerdicts } from './single-flight/shared-verdicts.ts';
import { SingleFlight } from './single-flight/single-flight.ts';
import { type AuthApiClientConfig, type AuthApiStatus, createAuthApiClient } from './sources/auth-api/client.ts';

export interface IdentityResolverOptions {
  readonly authApi: AuthApiClientConfig;
  readonly cache: CacheConfig;
  /** Called once, when the cache has a Redis; the link ends with the resolver. */
  readonly connectRedis: ConnectRedis;
  /** The other processes of this gateway, to which revocations are announced; if unset: none. */
  readonly siblings?: Siblings;
  readonly events: IdentityEvents;
  /** Milliseconds since the epoch, whole. */
  readonly now: () => number;
  /** From 0 to 1; `Math.random` when left out. */
  readonly random?: () => number;
}

export interface IdentityResolver {
  readonly resolve: ResolveIdentity;
  readonly revocations: Revocations;
  /** Keyed names of a credential, to revoke it by: under the current secret, and under previous ones. */
  lookupsOf(credential: Credential): readonly string[];
  /** Whether the Auth API can be reached, and what fails there. */
  authApiStatus(): Promise<AuthApiStatus>;
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
  /** Estimated bytes of both. */
  readonly bytes: number;
  /** Credentials being looked up now. */
  readonly flights: number;
}

/** Lookups at once beyond what the Auth API is asked: those that are with Redis, or wait for another replica. */
const flightsBeyondCalls = 1_024;

/** SingleFlight that a request waits for at most: each one before the last was revoked as it ended, or older than its route accepts. */
const maxRounds = 8;

export function createIdentityResolver(options: IdentityResolverOptions): IdentityResolver {
  const { authApi, cache, events, now, random = Math.random } = options;
  const link = cache.redis === null ? null : options.connectRedis(cache.redis, linkOptions(events));
  const keyPrefix = cache.redis?.keyPrefix ?? '';
  const keys = deriveCacheKeys(cache.secret ?? randomBytes(32), cache.previousSecrets);
  const revocations = createRevocations({
    link,
    keyPrefix,
    whileDisconnectedMs: cache.whileDisconnectedMs,
    tombstoneLifeMs: tombstoneLifeMs({ ...cache, timeoutMs: authApi.timeoutMs }),
    ...(options.siblings === undefined ? {} : { siblings: options.siblings }),
    events,
    now,
  });
  const { tombstones, connection } = revocations;
  const memory = new MemoryCache({
    ...cache,
    tombstones,
    random,
    onEvict: (space) => events.evicted(space),
    onRevoked: () => events.revokedVerdict('memory'),
  });
  // A lease is longer than any call, so that nobody asks a second time beside one that is only slow.
  const leaseMs = authApi.timeoutMs + 4 * (cache.redis?.commandTimeoutMs ?? 0);
  const shared =
    link === null ? null : new SharedVerdicts({ link, keyPrefix, keys, revocations, leaseMs, events, now });
  const client = createAuthApiClient({ config: authApi, events, now });
  const stale = new StaleVerdicts({ memory, enabled: cache.staleOnOutageMs > 0, connection, events, now });
  const lookUp = createLookUp({
    memory,
    shared,
    client,
    lifetimes: cache,
    tombstones,
    oldestMs: (nowMs) => connection.oldestMs(nowMs, true),
    keys,
    onAnswer: (finding) => stale.observe(finding),
    events,
    now,
    random,
  });
  const maxFlights = 2 * authApi.concurrency + flightsBeyondCalls;
  const flights = new SingleFlight<Finding>(maxFlights, { crowded: maxFlights >> 1, ofClient: maxFlights >> 2 });
  const refreshAhead = new RefreshAhead({
    enabled: cache.refreshAhead,
    memory,
    flights,
    lookUp,
    concurrency: Math.max(1, authApi.concurrency >> 2),
    worthwhile: () => connection.isConnected(now()),
    onRefresh: (outcome) => events.refresh(outcome),
    now,
  });

  function tell(resolution: Resolution): Resolution {
    events.verdict(resolution.source, outcomeOf(resolution));
    return resolution;
  }

  async function resolveSlowly(credential: Credential, oldest: number, client?: string): Promise<Resolution> {
    for (let round = 0; round < maxRounds; round += 1) {
      const joined = flights.get(credential);
      const flight = joined ?? flights.start(credential, () => lookUp(credential, oldest, client), client);
      if (flight === null) break;
      const finding = await flight;
      const { resolution } = finding;
      // Somebody else may have had no room, and we have.
      if (resolution.reason === 'auth_busy' && joined !== undefined && !finding.outage) continue;
      // An Auth API that was reached for this credential and does not know it is no reason to believe what it said before.
      if (isUnknown(resolution)) {
        return tell(finding.outage === false ? resolution : stale.insteadOf(resolution, credential, oldest));
      }
      // A no to a look-up that began after the request came answers it: else many revocations would make it an outage.
      const later = joined === undefined || round > 0;
      if (finding.isRevoked() && !(later && resolution.identity === null)) continue;
      // A flight of somebody who accepts older verdicts may have found one too old here. One of our own has not.
      if (joined === undefined || isFresh(finding, oldest)) return tell(resolution);
    }
    return tell(stale.insteadOf(busy, credential, oldest));
  }

  function isFresh({ askedAtMs, foreign }: { askedAtMs: number; foreign: boolean }, oldest: number, nowMs = now()) {
    return askedAtMs >= oldest && askedAtMs >= connection.oldestMs(nowMs, foreign);
  }

  return {
    resolve(credential, maxAgeMs, client) {
      const nowMs = now();
      const oldest = nowMs - maxAgeMs;
      const entry = memory.find(credential, nowMs);
      if (entry !== null && isFresh(entry, oldest, nowMs)) return tell(entry.resolution);
      const standIn = stale.standIn(credential, oldest, nowMs);
      return standIn === null ? resolveSlowly(credential, oldest, client) : tell(standIn);
    },
    revocations,
    lookupsOf: (credential) => lookupKeys(credential, keys),
    authApiStatus: () => client.status(),
    redisConnected: () => (link === null ? null : link.ready),
    stats: () => ({ ...memory.size, flights: flights.size }),
    async close() {
      refreshAhead.close();
      shared?.close();
      await revocations.close();
      link?.close();
      await client.close();
    },
  };
}

const busy: Unresolved = Object.freeze({ identity: null, reason: 'auth_busy', retryAfterS: null, source: 'none' });

function linkOptions(events: IdentityEvents): RedisLinkOptions {
  return {
    name: 'rolegate',
    onReady: () => events.redis('connection', 'ok'),
    onAway: () => events.redis('connection', 'error'),
  };
}

function isUnknown(resolution: Resolution): resolution is Unresolved {
  return resolution.reason !== null && resolution.reason !== 'credential_rejected';
}

function outcomeOf(resolution: Resolution): VerdictOutcome {
  return resolution.reason ?? 'accepted';
}
