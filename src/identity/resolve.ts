/**
 * Finds the identity behind a credential: memory, then Redis, then one flight of all replicas to the Auth API. A verdict in memory is
 * returned at once, without a promise and without a hash. Only accepted and rejected results are kept; without a result the caller is
 * informed, and access is refused.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Resolution, ResolveIdentity, Unresolved } from '../core/identity/identity.ts';
import type { MemoryCache } from './cache/memory-cache.ts';
import type { TraceLookUp } from './events.ts';
import type { Finding, LookUp } from './look-up.ts';
import type { RevocationConnection } from './revocation/revocation-connection.ts';
import type { SingleFlight } from './single-flight/single-flight.ts';
import type { StaleVerdicts } from './stale-verdicts.ts';

export interface ResolveParts {
  readonly memory: MemoryCache;
  readonly flights: SingleFlight<Finding>;
  readonly lookUp: LookUp;
  readonly stale: StaleVerdicts;
  readonly connection: RevocationConnection;
  /** If there is no room for a look-up: seconds to wait if the credential is throttled anyway, or null. */
  readonly throttledS: (credential: Credential, client: string | undefined) => number | null;
  readonly traceLookUp: TraceLookUp;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Maximum flights that a request waits for: each one before the last was revoked as it ended, or too old for its route. */
const maxRounds = 8;

export function createResolve(parts: ResolveParts): ResolveIdentity {
  const { memory, flights, lookUp, stale, connection, throttledS, traceLookUp, now } = parts;

  async function resolveSlowly(credential: Credential, oldest: number, client?: string): Promise<Resolution> {
    for (let round = 0; round < maxRounds; round += 1) {
      const joined = flights.get(credential);
      const ofAnother = joined !== undefined && flights.clientOf(credential) !== client;
      const flight = joined ?? flights.start(credential, () => lookUp(credential, oldest, client), client);
      if (flight === null) {
        const retryAfterS = throttledS(credential, client);
        if (retryAfterS === null) break;
        return { identity: null, reason: 'authentication_throttled', retryAfterS, source: 'none' };
      }
      const finding = await flight;
      const { resolution } = finding;
      // The client whose request began it may have had no room or been throttled, while this one is not.
      if (ofAnother && ofItsClient.has(resolution.reason) && !finding.outage) continue;
      // If the Auth API was reached and gave no result for this credential, an earlier result must not be used.
      if (isUnknown(resolution)) {
        return finding.outage === false ? resolution : stale.insteadOf(resolution, credential, oldest);
      }
      // A rejection by a look-up that began after the request arrived is final: otherwise many revocations would look like an outage.
      const later = joined === undefined || round > 0;
      if (finding.isRevoked() && !(later && resolution.identity === null)) continue;
      // A flight for a route that accepts older verdicts may have found one that is too old here. This request's own flight has not.
      if (joined === undefined || isFresh(finding, oldest)) return resolution;
    }
    return stale.insteadOf(busy, credential, oldest);
  }

  function isFresh({ askedAtMs, foreign }: { askedAtMs: number; foreign: boolean }, oldest: number, nowMs = now()) {
    // Written so that NaN is never fresh.
    if (!(askedAtMs >= oldest)) return false;
    return nowMs < connection.connectedUntilMs || askedAtMs >= connection.oldestMs(nowMs, foreign);
  }

  return (credential, maxAgeMs, client) => {
    const nowMs = now();
    const oldest = nowMs - maxAgeMs;
    const entry = memory.find(credential, nowMs);
    if (entry !== null && isFresh(entry, oldest, nowMs)) return entry.resolution;
    const standIn = stale.standIn(credential, oldest, nowMs);
    return standIn ?? traceLookUp(() => resolveSlowly(credential, oldest, client));
  };
}

const busy: Unresolved = Object.freeze({ identity: null, reason: 'auth_busy', retryAfterS: null, source: 'none' });

/** Results of a flight that may be caused by the client that began it. */
const ofItsClient: ReadonlySet<Resolution['reason']> = new Set(['auth_busy', 'authentication_throttled'] as const);

function isUnknown(resolution: Resolution): resolution is Unresolved {
  return resolution.reason !== null && resolution.reason !== 'credential_rejected';
}
