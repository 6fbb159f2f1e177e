/**
 * Finds the identity behind a credential: memory, then Redis, then one flight of all replicas to the Auth API. A verdict in memory is
 * returned at once, without a promise and without a hash. Only accepted and rejected results are kept.
 */
import type { ResolveIdentity } from '../core/identity/identity.ts';
import type { AwaitFlight } from './await-flight.ts';
import type { MemoryCache } from './cache/memory-cache.ts';
import type { TraceLookUp } from './events.ts';
import type { RevocationConnection } from './revocation/revocation-connection.ts';
import type { StaleVerdicts } from './stale-verdicts.ts';
import { isFresh } from './verdict.ts';

export interface ResolveParts {
  readonly memory: MemoryCache;
  readonly stale: StaleVerdicts;
  readonly connection: RevocationConnection;
  readonly awaitFlight: AwaitFlight;
  readonly traceLookUp: TraceLookUp;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createResolve(parts: ResolveParts): ResolveIdentity {
  const { memory, stale, connection, awaitFlight, traceLookUp, now } = parts;
  return (credential, maxVerdictAgeMs, client) => {
    const nowMs = now();
    const oldestMs = nowMs - maxVerdictAgeMs;
    const entry = memory.find(credential, nowMs);
    if (entry !== null && isFresh(entry, oldestMs, nowMs, connection)) return entry.resolution;
    const standIn = stale.standIn(credential, oldestMs, nowMs);
    return standIn ?? traceLookUp(() => awaitFlight(credential, oldestMs, client));
  };
}
