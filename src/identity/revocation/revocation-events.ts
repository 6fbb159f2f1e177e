/** The events of revocation: the source of its metrics and log lines. Callbacks never throw. */
import type { Revocation } from './tombstones.ts';

/**
 * The origin. `admin`, `webhook`, `route` (a call through the gateway), `auth-api` (in this process), `logout` (of an OpenID provider) and
 * `security-event` are announced to the other gateways from here; `channel` (an Auth API over Redis), `replica` (another gateway), `log`
 * and `worker` (another process of this gateway) were received.
 */
export type RevocationSource = OwnSource | 'channel' | 'replica' | 'log' | 'worker';

/** Announced from here. */
export type OwnSource = 'admin' | 'webhook' | 'route' | 'auth-api' | EventKind;

/**
 * `followed`: the log contained everything that was missed. `lost`: it did not, so everything was revoked. `started`: nothing could be
 * missed.
 */
export type CatchUp = 'started' | 'followed' | 'lost';

/** What an issuer sends about its users: a logout token, or a security event token. */
export type EventKind = 'logout' | 'security-event';

/**
 * `revoked`: on every connected replica. `ignored`: it is valid, but does not concern this gateway. `undelivered`: Redis did not accept it;
 * it may be sent again. `busy`: too many at once. Anything else is a fault of the token; `disabled`: tokens of its issuer are not accepted.
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

/** `late`: it was issued too long ago. `unavailable`: the issuer's keys are not available. */
export type EventFault = 'late' | 'unavailable' | 'audience' | 'issuer' | 'key' | 'signature' | 'claims';

/** For the log: who revoked, and whose credential it was. Absent members are not known. */
export interface RevocationNote {
  /** Name of the operator's token. */
  readonly by?: string;
  readonly userId?: string;
  readonly keyId?: string;
  readonly sessionId?: string;
}

export interface RevocationEvents {
  /** It applies in this process now. */
  revoked(source: RevocationSource, revocation: Revocation, note?: RevocationNote): void;
  /** An issuer sent a token about its users; `source` is null if it names none of ours. */
  eventToken(kind: EventKind, source: string | null, outcome: EventOutcome): void;
  /** A received message is not a revocation. */
  invalidMessage(where: 'channel' | 'replica' | 'log'): void;
  /** The connection to revocations has changed. */
  connected(connected: boolean): void;
  /** This process is connected again, or for the first time. */
  caughtUp(outcome: CatchUp): void;
  /** This many gateways did not acknowledge; their verdicts have expired by now. */
  unacknowledged(replicas: number): void;
  /** The clock of this machine is ahead of that of Redis by this many milliseconds, or behind if negative. */
  clock(aheadMs: number): void;
  /** Redis did not accept the announcement; it is sent again as soon as Redis accepts commands. */
  undelivered(): void;
}
