/** What revocation tells the outside as it works: the source of its metrics and log lines. Callbacks never throw. */
import type { Revocation } from './tombstones.ts';

/**
 * Who said so. `admin`, `webhook`, `route` (a call through the gateway) and `auth-api` (in this process) are told to the
 * other gateways from here; `channel` (an Auth API over Redis), `replica` (another gateway), `log` and `worker` (another
 * process of this gateway) were heard.
 */
export type RevocationSource = 'admin' | 'webhook' | 'route' | 'auth-api' | 'channel' | 'replica' | 'log' | 'worker';

/** Told from here. */
export type OwnSource = Extract<RevocationSource, 'admin' | 'webhook' | 'route' | 'auth-api'>;

/** `followed`: the log had all that was missed. `lost`: it had not, so that everything was revoked. `started`: nothing could be missed. */
export type CatchUp = 'started' | 'followed' | 'lost';

export interface RevocationEvents {
  /** It holds in this process now. */
  revoked(source: RevocationSource, revocation: Revocation): void;
  /** Something was heard that is no revocation. */
  noise(where: 'channel' | 'replica' | 'log'): void;
  /** Whether a revocation would be heard, once it changes. */
  hearing(hears: boolean): void;
  /** This process hears again, or for the first time. */
  caughtUp(outcome: CatchUp): void;
  /** So many gateways stayed silent; what they know of it has ended by now. */
  unacknowledged(replicas: number): void;
  /** The other gateways could not be told; they will be as soon as Redis takes it. */
  untold(): void;
}
