/** The events of the resolver, recorded. */
import type { IdentityEvents } from '../../../src/identity/events.ts';

export interface RecordedEvents extends IdentityEvents {
  /** One line per event: `redis get miss`, `breaker open`, ... without durations. */
  readonly lines: string[];
  /** By how many milliseconds the clock was ahead of that of Redis, at each reply. */
  readonly aheadMs: number[];
}

export function recordEvents(): RecordedEvents {
  const lines: string[] = [];
  const aheadMs: number[] = [];
  return {
    lines,
    aheadMs,
    sourceCall: (_source, kind, outcome) => lines.push(`call ${kind} ${outcome}`),
    claimUnreadable: (source, claim, detail) => lines.push(`unreadable ${source} ${claim}: ${detail}`),
    redis: (operation, outcome) => lines.push(`redis ${operation} ${outcome}`),
    redisCommand: () => {},
    redisFault: () => {},
    sources: () => {},
    breaker: (_source, url, state) => lines.push(`breaker ${url} ${state}`),
    failover: (_source, url) => lines.push(`failover ${url}`),
    sharedLookUp: (outcome) => lines.push(`flight ${outcome}`),
    refresh: (outcome) => lines.push(`refresh ${outcome}`),
    throttled: (by) => lines.push(`throttled ${by}`),
    throttling: (by) => lines.push(`throttling ${by}`),
    evicted: (space) => lines.push(`evicted ${space}`),
    sessionEvicted: (by) => lines.push(`session evicted ${by}`),
    revokedVerdict: (place) => lines.push(`voided ${place}`),
    eventToken: (kind, source, outcome) => lines.push(`event ${kind} ${source} ${outcome}`),
    stale: () => lines.push('stale'),
    serving: (state) => lines.push(`serving ${state}`),
    revoked: (source, { kind }) => lines.push(`revoked ${source} ${kind}`),
    invalidMessage: (where) => lines.push(`noise ${where}`),
    connected: (connected) => lines.push(connected ? 'connected' : 'disconnected'),
    caughtUp: (outcome) => lines.push(`caught up ${outcome}`),
    unacknowledged: (replicas) => lines.push(`unacknowledged ${replicas}`),
    clock: (ms) => aheadMs.push(ms),
    undelivered: () => lines.push('undelivered'),
  };
}
