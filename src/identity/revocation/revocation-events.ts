/** The events of revocation: the source of its metrics and log lines. Callbacks never throw. */
import type { Revocation } from './tombstones.ts';

/**
 * Where it came from. `admin`, `webhook`, `route` (a call through the gateway), `auth-api` (in this process), `logout` (of an
 * OpenID provider) and `security-event` are announced to the other gateways from here; `channel` (an Auth API over Redis), `replica` (another gateway), `log` and
 * `worker` (another process of this gateway) were received.
 */
export type RevocationSource = OwnSource | 'channel' | 'replica' | 'log' | 'worker';

/** Announced from here. */
export type OwnSource = 'admin' | 'webhook' | 'route' | 'auth-api' | EventKind;

/** `followed`: the log had all that was missed. `lost`: it had not, so that everything was revoked. `started`: nothing could be missed. */
export type CatchUp = 'started' | 'followed' | 'lost';

/** What an issuer sends about its users: a logout token, or a security event token. */
export type EventKind = 'logout' | 'security-event';

/**
 * `revoked`: on every connected replica. `ignored`: it is good, and nothing of it is known here. `undelivered`: Redis did not take
 * it; it may be sent again. `busy`: too many at once. Anything else is a fault of the token; `disabled`: its issuer's are not taken.
 */
export type EventOutcome =
  | 'revoked'
  | 'ignored'
  | 'undelivered'
  | 'busy'
  | 'malformed'
  | 'disabled'
  | 'replayed'
  | 'subject'
  | EventFault;

/** `late`: it was issued too long ago. `unavailable`: there are no keys of the issuer now. */
export type EventFault = 'late' | 'unavailable' | 'audience' | 'issuer' | 'key' | 'signature' | 'claims';

export interface RevocationEvents {
  /** It holds in this process now. */
  revoked(source: RevocationSource, revocation: Revocation): void;
  /** An issuer sent a token about its users; `source` is null where none of ours is named. */
  eventToken(kind: EventKind, source: string | null, outcome: EventOutcome): void;
  /** A message was received that is no revocation. */
  invalidMessage(where: 'channel' | 'replica' | 'log'): void;
  /** Whether a revocation would be received now, once that changes. */
  connected(connected: boolean): void;
  /** This process is connected again, or for the first time. */
  caughtUp(outcome: CatchUp): void;
  /** So many gateways stayed silent; what they know of it has ended by now. */
  unacknowledged(replicas: number): void;
  /** Redis did not take the announcement; it is sent again as soon as Redis takes commands. */
  undelivered(): void;
}
