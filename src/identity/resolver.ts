/** Joins cache, single flight, revocation and the Auth API into the resolver of credentials. */
import { randomBytes } from 'node:crypto';
import type { CacheConfig } from '../config/config.ts';
import type { SourcesConfig } from '../config/source-config.ts';
import type { Credential } from '../core/credential/credential.ts';
import type { Identity, ResolveIdentity } from '../core/identity/identity.ts';
import { createAuthenticationThrottle, type ThrottleBounds } from '../limits/authentication-throttle.ts';
import { createMemoryCounter } from '../limits/memory-counter.ts';
import { createSharedCounter } from '../limits/shared-counter.ts';
import type { ConnectRedis, RedisLinkOptions } from '../redis/redis-link.ts';
import { createAwaitFlight } from './await-flight.ts';
import { deriveCacheKeys, lookupKeys } from './cache/cache-key.ts';
import { MemoryCache } from './cache/memory-cache.ts';
import { verdictRules } from './cache/verdict-rules.ts';
import { createSetBackWatch } from './clock.ts';
import type { IdentityEvents } from './events.ts';
import { tombstoneLifeMs } from './lifetimes.ts';
import { createLookUp, type LookUpResult } from './look-up.ts';
import { RefreshAhead } from './refresh-ahead.ts';
import { createResolve } from './resolve.ts';
import { createRevocations, type Revocations, type Siblings } from './revocation/create-revocations.ts';
import { createEventReceiver, type EventReceiver } from './security-events/event-receiver.ts';
import { createReplays, type Replays } from './security-events/replays.ts';
import { SharedVerdicts } from './single-flight/shared-verdicts.ts';
import { SingleFlight } from './single-flight/single-flight.ts';
import { createSources, type NamedStatus } from './sources/create-sources.ts';
import type { ForwardableTokens, SessionsInUse } from './sources/session/session-source.ts';
import { StaleVerdicts } from './stale-verdicts.ts';

export interface IdentityResolverOptions {
  readonly sources: SourcesConfig;
  readonly cache: CacheConfig;
  /** Null: failed authentications are not throttled. */
  readonly failedAuthentications: ThrottleBounds | null;
  /** Called once, if the cache has a Redis; the link is closed with the resolver. */
  readonly connectRedis: ConnectRedis;
  /** The other processes of this gateway, to which revocations are announced; if unset: none. */
  readonly siblings?: Siblings;
  readonly events: IdentityEvents;
  /** Of browsers; null or unset: there are none. */
  readonly sessions?: SessionsInUse | null;
  /** Milliseconds since the epoch, whole. */
  readonly now: () => number;
  /** For durations, in milliseconds on a clock that is never set; if unset, that of the process. */
  readonly steady?: () => number;
  /** From 0 to 1; `Math.random` if unset. */
  readonly random?: () => number;
}

export interface IdentityResolver {
  readonly resolve: ResolveIdentity;
  /** Of sessions, for services; null: there are no sessions. */
  readonly tokens: ForwardableTokens | null;
  readonly revocations: Revocations;
  /** Receives what issuers send about their users. */
  readonly eventReceiver: EventReceiver;
  /** Messages about users that have taken effect. */
  readonly replays: Replays;
  /** Keyed names of a credential, to revoke it by: under the current secret, and under previous ones. */
  lookupsOf(credential: Credential): readonly string[];
  /** Whose credential it is, if this process remembers it: no source is called. */
  knownOwner(credential: Credential): Identity | null;
  /** Maximum time of a check. */
  readonly timeoutMs: number;
  /** Whether each source can be reached, and what fails there. */
  sourceStatus(): Promise<readonly NamedStatus[]>;
  /** Whether Redis is connected; null if none is configured. For information only. */
  redisConnected(): boolean | null;
  stats(): IdentityStats;
  /** Ends connections and timers; look-ups in progress end as `auth_unavailable`. */
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

/** Concurrent look-ups beyond the calls to the Auth API: those that wait for Redis or another replica. */
const flightsBeyondCalls = 1_024;

export function createIdentityResolver(options: IdentityResolverOptions): IdentityResolver {
  const { cache, events, now, steady = () => performance.now(), random = Math.random } = options;
  const { traceLookUp = (lookUp) => lookUp() } = events;
  const { sessions = null } = options;
  const sources = createSources({ config: options.sources, events, now, steady, sessions });
  const link = cache.redis === null ? null : options.connectRedis(cache.redis, linkOptions(events));
  const keyPrefix = cache.redis?.keyPrefix ?? '';
  const secret = cache.secret ?? randomBytes(32);
  const keys = deriveCacheKeys(secret, cache.previousSecrets);
  const revocations = createRevocations({
    link,
    keyPrefix,
    whileDisconnectedMs: cache.whileDisconnectedMs,
    tombstoneLifeMs: tombstoneLifeMs({ ...cache, timeoutMs: sources.timeoutMs, tokenMs: sources.tokenMs }),
    resultLifeMs: tombstoneLifeMs({ ...cache, timeoutMs: sources.timeoutMs, tokenMs: 0 }),
    issuers: sources.issuerOf,
    userPrefixes: sources.userPrefixes,
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
  // A lease is longer than any call, so that a slow call does not cause a second one.
  const leaseMs = sources.timeoutMs + 4 * (cache.redis?.commandTimeoutMs ?? 0);
  const shared =
    link === null
      ? null
      : new SharedVerdicts({
          link,
          keyPrefix,
          keysOf: (source) => deriveCacheKeys(secret, cache.previousSecrets, verdictRules(source, options.sources)),
          revocations,
          leaseMs,
          events,
          now,
        });
  const stale = new StaleVerdicts({ memory, enabled: cache.staleOnOutageMs > 0, connection, events, now });
  const bounds = boundsOf(options.failedAuthentications, options.sources);
  const local = createMemoryCounter(steady);
  const throttle =
    bounds === null
      ? null
      : createAuthenticationThrottle({
          bounds,
          counter: link === null ? local : createSharedCounter({ link, keyPrefix, local }),
          secret,
          maxGood: cache.maxAccepted,
          events,
          now: steady,
        });
  const throttledS = (credential: Credential, client: string | undefined) =>
    throttle?.waitS(lookupKeys(credential, keys)[0]!, credential, client) ?? null;
  const lookUp = createLookUp({
    memory,
    shared,
    sources,
    throttle,
    lifetimes: cache,
    tombstones,
    connection,
    oldestMs: (nowMs) => connection.oldestMs(nowMs, true),
    keys,
    onResult: (source, result) => stale.observe(source, result),
    events,
    now,
    random,
  });
  const maxFlights = 2 * sources.concurrency + flightsBeyondCalls;
  const flights = new SingleFlight<LookUpResult>(maxFlights, { crowded: maxFlights >> 1, ofClient: maxFlights >> 2 });
  const awaitFlight = createAwaitFlight({ flights, lookUp, stale, connection, throttledS, now });
  const refreshAhead = new RefreshAhead({
    enabled: cache.refreshAhead,
    isSetBack: createSetBackWatch({ now, steady }),
    memory,
    flights,
    lookUp,
    concurrency: Math.max(1, sources.concurrency >> 2),
    worthwhile: () => connection.isConnected(now()),
    onRefresh: (outcome) => events.refresh(outcome),
    now,
  });

  const replays = createReplays({ link, keyPrefix, now });
  const eventReceiver = createEventReceiver({
    issuers: sources.issuers,
    endSessions: async (of) => (await sessions?.endOf(of)) ?? [],
    revocations,
    replays,
    onOutcome: (kind, source, outcome) => events.eventToken(kind, source, outcome),
    now,
  });

  return {
    tokens: sources.tokens,
    eventReceiver,
    replays,
    resolve: createResolve({ memory, stale, connection, awaitFlight, traceLookUp, now }),
    revocations,
    lookupsOf: (credential) => lookupKeys(credential, keys),
    knownOwner: (credential) => memory.find(credential, now())?.identity ?? null,
    timeoutMs: sources.timeoutMs,
    sourceStatus: () => sources.status(),
    redisConnected: () => (link === null ? null : link.ready),
    stats: () => ({ ...memory.size, flights: flights.size }),
    async close() {
      refreshAhead.close();
      shared?.close();
      await revocations.close();
      link?.close();
      await sources.close();
    },
  };
}

/** The bundled Auth API, which knows this gateway, itself bounds failures with a key id, and accepts the right secret beyond them. */
function boundsOf(bounds: ThrottleBounds | null, { list, rule }: SourcesConfig): ThrottleBounds | null {
  const source = list.find(({ name }) => name === rule.keyPair);
  const isBundled = source?.kind === 'authApi' && (source.gatewaySecret ?? null) !== null;
  return bounds !== null && isBundled ? { ...bounds, perKey: 0 } : bounds;
}

function linkOptions(events: IdentityEvents): RedisLinkOptions {
  return {
    name: 'rolegate',
    onReady: () => events.redis('connection', 'ok'),
    onAway: () => events.redis('connection', 'error'),
    onCommand: (ok, seconds) => events.redisCommand(ok, seconds),
    onFault: (fault) => events.redisFault(fault),
  };
}
