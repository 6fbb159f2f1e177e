/**
 * Finds the identity behind a credential that has no usable verdict in memory: it joins the flight in progress or starts one, until a
 * finding is good for this request. Without a result the caller is informed, and access is refused.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Resolution, Unresolved } from '../core/identity/identity.ts';
import type { LookUp, LookUpResult } from './look-up.ts';
import type { RevocationConnection } from './revocation/revocation-connection.ts';
import type { SingleFlight } from './single-flight/single-flight.ts';
import type { StaleVerdicts } from './stale-verdicts.ts';
import { isFresh } from './verdict.ts';

export interface FlightParts {
  readonly flights: SingleFlight<LookUpResult>;
  readonly lookUp: LookUp;
  readonly stale: StaleVerdicts;
  readonly connection: RevocationConnection;
  /** If there is no room for a look-up: seconds to wait if the credential is throttled anyway, or null. */
  readonly throttledS: (credential: Credential, client: string | undefined) => number | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** A verdict from a call before `oldestMs` is not accepted. */
export type AwaitFlight = (credential: Credential, oldestMs: number, client?: string) => Promise<Resolution>;

/** Maximum flights that a request waits for: each one before the last was revoked as it ended, or too old for its route. */
const maxRounds = 8;

export function createAwaitFlight({ flights, lookUp, stale, connection, throttledS, now }: FlightParts): AwaitFlight {
  return async (credential, oldestMs, client) => {
    for (let round = 0; round < maxRounds; round += 1) {
      const joined = flights.get(credential);
      const ofAnother = joined !== undefined && flights.clientOf(credential) !== client;
      const flight = joined ?? flights.start(credential, () => lookUp(credential, oldestMs, client), client);
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
        return finding.outage === false ? resolution : stale.insteadOf(resolution, credential, oldestMs);
      }
      // A rejection by a look-up that began after the request arrived is final: otherwise many revocations would look like an outage.
      const later = joined === undefined || round > 0;
      if (finding.isRevoked() && !(later && resolution.identity === null)) continue;
      // A flight for a route that accepts older verdicts may have found one that is too old here. This request's own flight has not.
      if (joined === undefined || isFresh(finding, oldestMs, now(), connection)) return resolution;
    }
    return stale.insteadOf(busy, credential, oldestMs);
  };
}

const busy: Unresolved = Object.freeze({ identity: null, reason: 'auth_busy', retryAfterS: null, source: 'none' });

/** Results of a flight that may be caused by the client that began it. */
const ofItsClient: ReadonlySet<Resolution['reason']> = new Set(['auth_busy', 'authentication_throttled'] as const);

function isUnknown(resolution: Resolution): resolution is Unresolved {
  return resolution.reason !== null && resolution.reason !== 'credential_rejected';
}
