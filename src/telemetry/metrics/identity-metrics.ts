/** Counts verdicts, calls to the Auth API, cache and sharing, and revocations. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { BreakerState, IdentityEvents } from '../../identity/events.ts';
import type { CatchUp } from '../../identity/revocation/revocation-events.ts';
import type { Logger } from '../log/logger.ts';
import { readingsIn } from './readings.ts';
import { createRedisMetrics } from './redis-metrics.ts';
import { exchangeBuckets } from './request-series.ts';

const breakerStates: readonly BreakerState[] = ['closed', 'half_open', 'open'];
/** Present from the start, so that the first loss is an increase. */
const catchUpOutcomes: readonly CatchUp[] = ['started', 'followed', 'lost'];

/** Read at each scrape. */
export interface IdentityReadings {
  readonly accepted: number;
  readonly rejected: number;
  readonly bytes: number;
  readonly flights: number;
}

/** Read at each scrape. */
export interface RevocationReadings {
  readonly connected: boolean;
  readonly tombstones: number;
}

export interface IdentityMetrics {
  readonly events: IdentityEvents;
  watchIdentity(read: () => IdentityReadings): void;
  /** Null: nothing is in use yet. */
  watchRevocations(read: () => RevocationReadings | null): void;
  /** A route with `evict` had no id to revoke. */
  readonly evictionUnreadable: (route: string) => void;
}

/** Minimum time between two log lines about one claim of one source. */
const quietMs = 60_000;

export function createIdentityMetrics(registry: Registry, log: Pick<Logger, 'info' | 'warn'>): IdentityMetrics {
  const registers = [registry];
  const read = readingsIn(registry);
  let readIdentity = (): IdentityReadings => ({ accepted: 0, rejected: 0, bytes: 0, flights: 0 });
  let readRevocations = (): RevocationReadings | null => null;

  const stale = new Counter({
    name: 'rolegate_stale_verdicts_total',
    help: 'Verdicts that were served after they expired, because the Auth API could not be reached.',
    registers,
  });
  const authApiCalls = new Counter({
    name: 'rolegate_auth_api_calls_total',
    help: 'Calls to the Auth API or another source, by kind of credential.',
    labelNames: ['source', 'kind', 'outcome'],
    registers,
  });
  const authApiFailures = new Counter({
    name: 'rolegate_auth_api_failures_total',
    help: 'Calls to the Auth API that returned no result: connection, certificate, timeout, protocol, status, body, field or request.',
    labelNames: ['source', 'failure'],
    registers,
  });
  const authApiDuration = new Histogram({
    name: 'rolegate_auth_api_call_duration_seconds',
    help: 'Time from sending a call to the Auth API, or another source, to its result.',
    labelNames: ['source', 'kind'],
    buckets: exchangeBuckets,
    registers,
  });
  const breaker = new Gauge({
    name: 'rolegate_auth_api_breaker_state',
    help: 'State of the circuit breaker of each URL of the Auth API: 1 for the current one.',
    labelNames: ['source', 'url', 'state'],
    aggregator: 'max',
    registers,
  });
  const failovers = new Counter({
    name: 'rolegate_auth_api_failovers_total',
    help: 'Calls to a URL of the Auth API, because the URLs before it failed.',
    labelNames: ['source', 'url'],
    registers,
  });
  const refreshes = new Counter({
    name: 'rolegate_refreshes_total',
    help: 'Refreshes of verdicts in use before they expire, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const evictions = new Counter({
    name: 'rolegate_cache_evictions_total',
    help: 'Verdicts that were evicted from memory before they expired, to make room for others.',
    labelNames: ['space'],
    registers,
  });
  const sessionEvictions = new Counter({
    name: 'rolegate_sessions_evicted_total',
    help: 'Sessions of browsers that ended early, by what ended them: the bound per person, the bound of all, or Redis, which had too little memory.',
    labelNames: ['by'],
    registers,
  });
  const revokedVerdicts = new Counter({
    name: 'rolegate_revoked_verdicts_total',
    help: 'Verdicts that were not used because of a revocation, by where they were.',
    labelNames: ['place'],
    registers,
  });
  read.gaugePer('space', 'rolegate_cache_entries', 'Verdicts in memory.', () => {
    const { accepted, rejected } = readIdentity();
    return Object.entries({ accepted, rejected });
  });
  read.gauge('rolegate_cache_bytes', 'Estimated memory of verdicts, in bytes.', () => readIdentity().bytes);
  read.gauge('rolegate_lookups_in_flight', 'Credentials that are being looked up now.', () => readIdentity().flights);
  const revocations = new Counter({
    name: 'rolegate_revocations_total',
    help: 'Revocations that took effect in this process, by where they came from.',
    labelNames: ['source', 'kind'],
    registers,
  });
  read.gauge(
    'rolegate_revocations_connected',
    'Whether this process is connected to revocations: 1, or 0 while verdicts live no longer than cache.whileDisconnected.',
    () => readRevocations()?.connected ?? null,
    'min',
  );
  read.gauge(
    'rolegate_revocation_tombstones',
    'Revocations in memory that end older verdicts.',
    () => readRevocations()?.tombstones ?? null,
    'max',
  );
  /** Null: Redis has not replied yet. */
  let aheadMs: number | null = null;
  read.gauge(
    'rolegate_clock_offset_seconds',
    'By how much the clock of this machine was ahead of that of Redis at its last reply; negative: behind.',
    () => (aheadMs === null ? null : aheadMs / 1000),
    'first',
  );
  const eventTokens = new Counter({
    name: 'rolegate_event_tokens_total',
    help: 'Logout tokens and security event tokens that were received, by outcome.',
    labelNames: ['kind', 'source', 'outcome'],
    registers,
  });
  const invalidMessages = new Counter({
    name: 'rolegate_revocation_messages_invalid_total',
    help: 'Messages on the channels of revocations that are not valid revocations.',
    labelNames: ['where'],
    registers,
  });
  const catchUps = new Counter({
    name: 'rolegate_revocation_catch_ups_total',
    help: 'Reconnections to revocations, by outcome; lost: the log did not reach back, so every verdict was dropped.',
    labelNames: ['outcome'],
    registers,
  });
  for (const outcome of catchUpOutcomes) catchUps.inc({ outcome }, 0);
  const unacknowledged = new Counter({
    name: 'rolegate_revocations_unacknowledged_total',
    help: 'Replicas that did not acknowledge a revocation before the verdicts it ends had expired.',
    registers,
  });
  const undelivered = new Counter({
    name: 'rolegate_revocations_undelivered_total',
    help: 'Revocations that Redis did not accept, so they are announced to the other replicas later.',
    registers,
  });
  const evictionsUnreadable = new Counter({
    name: 'rolegate_evictions_unreadable_total',
    help: 'Requests through a route with evict that contain no id to revoke.',
    labelNames: ['route'],
    registers,
  });

  const throttled = new Counter({
    name: 'rolegate_authentication_throttled_total',
    help: 'Credentials that were refused with 429 without a call to their source, because too many authentications of their client or key had failed.',
    labelNames: ['by'],
    registers,
  });

  const claimsUnreadable = new Counter({
    name: 'rolegate_claims_unreadable_total',
    help: 'Declared claims whose type differs from the configuration, or that are an address without "email_verified: true", so they met no condition.',
    labelNames: ['source', 'claim'],
    registers,
  });
  /** When each was logged, in milliseconds of the process. */
  const claimsLogged = new Map<string, number>();

  /** Sources and positions of their URLs, from the opening of the breaker to its closing: trials between them are no news. */
  const broken = new Set<string>();

  function setBreaker(source: string, url: number, current: BreakerState): void {
    for (const state of breakerStates) breaker.set({ source, url, state }, state === current ? 1 : 0);
  }

  return {
    events: {
      sourceCall(source, kind, outcome, failure, seconds) {
        authApiCalls.inc({ source, kind, outcome });
        if (failure !== null) authApiFailures.inc({ source, failure });
        authApiDuration.observe({ source, kind }, Math.max(0, seconds));
      },
      claimUnreadable(source, claim, detail) {
        claimsUnreadable.inc({ source, claim });
        const key = `${source} ${claim}`;
        const nowMs = performance.now();
        if (nowMs - (claimsLogged.get(key) ?? -quietMs) < quietMs) return;
        claimsLogged.set(key, nowMs);
        log.warn(
          { source, claim, detail },
          'a claim has another type than its declaration, or is an address that is not verified, so it meets no condition',
        );
      },
      ...createRedisMetrics(registry, log),
      sources(urls) {
        breaker.reset();
        broken.clear();
        for (const [source, count] of urls) {
          for (let url = 0; url < count; url += 1) setBreaker(source, url, 'closed');
        }
      },
      breaker(source, url, state, failure) {
        setBreaker(source, url, state);
        const which = `${source} ${url}`;
        if (state === 'open' && !broken.has(which)) {
          broken.add(which);
          log.warn({ source, authApi: failure }, 'calls to a source fail: its circuit breaker is open');
        } else if (state === 'closed' && broken.delete(which)) {
          log.info({ source }, 'calls to a source succeed again: its circuit breaker is closed');
        }
      },
      failover: (source, url) => failovers.inc({ source, url }),
      throttled: (by) => throttled.inc({ by }),
      throttling(by, client) {
        const named = client === null ? {} : { client };
        log.warn({ by, ...named }, 'failed authentications are throttled');
      },
      refresh: (outcome) => refreshes.inc({ outcome }),
      evicted: (space) => evictions.inc({ space }),
      sessionEvicted: (by) => sessionEvictions.inc({ by }),
      revokedVerdict: (place) => revokedVerdicts.inc({ place }),
      eventToken: (kind, source, outcome) => eventTokens.inc({ kind, source: source ?? 'none', outcome }),
      stale: () => stale.inc(),
      serving(state, failure) {
        if (state === 'stale')
          log.warn({ authApi: failure }, 'the Auth API is unreachable: expired verdicts are served');
        else log.info('the Auth API responds again: expired verdicts are no longer served');
      },
      revoked: (source, { kind }) => revocations.inc({ source, kind }),
      invalidMessage: (where) => invalidMessages.inc({ where }),
      connected: () => {},
      clock(newAheadMs) {
        aheadMs = newAheadMs;
      },
      caughtUp: (outcome) => catchUps.inc({ outcome }),
      unacknowledged: (replicas) => unacknowledged.inc(replicas),
      undelivered: () => undelivered.inc(),
    },
    watchIdentity(read) {
      readIdentity = read;
    },
    watchRevocations(read) {
      readRevocations = read;
    },
    evictionUnreadable: (route) => evictionsUnreadable.inc({ route }),
  };
}
