/** Events of the identity room: the source of its metrics. Callbacks must be cheap and never throw. */
import type { Credential } from '../core/credential/credential.ts';
import type { SourceFailure, SourceFailureKind, Unresolved } from '../core/identity/identity.ts';
import type { ClaimEvents } from '../core/identity/read-fields.ts';
import type { ThrottleEvents } from '../limits/authentication-throttle.ts';
import type { RedisFault } from '../redis/redis-link.ts';
import type { RevocationEvents } from './revocation/revocation-events.ts';

/** How a lookup ended: an identity, or the reason why there is none. */
export type VerdictOutcome = 'accepted' | Unresolved['reason'];

/** `connection` is the link itself: `ok` if it is ready, `error` if it broke or failed. */
export type RedisOperation = 'get' | 'set' | 'connection';

/** `invalid`: an entry that is not authentic; `skipped`: too many writes in flight; `oversize`: too large to share. */
export type RedisOutcome = 'ok' | 'hit' | 'miss' | 'invalid' | 'error' | 'skipped' | 'oversize';

/**
 * How a look-up with a shared flight continued. `led`: this replica calls. `found`: another one has just called. After waiting for another
 * one: `pushed`: its result arrived, `failed`: it had none, `late`: it never arrived, `disconnected`: it can no longer arrive. `alone`:
 * this replica is not connected to the others. `error`: Redis did not respond.
 */
export type SharedLookUpOutcome = 'led' | 'found' | 'pushed' | 'failed' | 'late' | 'disconnected' | 'alone' | 'error';

/** The outcome of refreshing a verdict in use before its end. `shared`: another replica has refreshed it. `skipped`: there was no room. */
export type RefreshOutcome = 'accepted' | 'shared' | 'rejected' | 'failed' | 'skipped';

/** Where a revoked verdict was found; `push`: sent by another replica. */
export type RevokedAt = 'memory' | 'redis' | 'push' | 'auth-api';

export type BreakerState = 'closed' | 'half_open' | 'open';

export interface IdentityEvents extends RevocationEvents, ThrottleEvents, ClaimEvents {
  /** Once for every call that was sent to a source; `failure`: why it gave no result; `seconds`: from sending to the evaluated response. */
  sourceCall(
    source: string,
    kind: Credential['kind'],
    outcome: VerdictOutcome,
    failure: SourceFailureKind | null,
    seconds: number,
  ): void;
  /** A call is about to be sent to a source; if unset: none is traced. */
  readonly traceCall?: TraceCall;
  /** Runs each look-up that a decision begins; if unset: no call is traced. */
  readonly traceLookUp?: TraceLookUp;
  redis(operation: RedisOperation, outcome: RedisOutcome): void;
  /** A command of Redis has its reply, or failed. */
  redisCommand(ok: boolean, seconds: number): void;
  /** Why a connection, a command or a subscription failed: for the log. */
  redisFault(fault: RedisFault): void;
  /** These sources are in use from now on; each of their URLs has a closed circuit breaker. */
  sources(urls: ReadonlyMap<string, number>): void;
  /**
   * The circuit breaker of a URL of a source changed its state because of `failure`; `url` is the position in the list.
   */
  breaker(source: string, url: number, state: BreakerState, failure: SourceFailure | null): void;
  /** This URL was called because those before it in the list failed or were skipped. */
  failover(source: string, url: number): void;
  /** Once for every look-up that had to join the other replicas; `waitedS` is null if it did not wait for them. */
  sharedLookUp(outcome: SharedLookUpOutcome, waitedS: number | null): void;
  /** Once for every verdict that was due for a refresh. */
  refresh(outcome: RefreshOutcome): void;
  /** An unexpired verdict was evicted from memory for another one. */
  evicted(space: 'accepted' | 'rejected'): void;
  /** The session of a browser ended although it had not expired: by a bound, or because Redis removed it. */
  sessionEvicted(by: 'person' | 'all' | 'redis'): void;
  /** A verdict was found to be revoked, and is no longer used. */
  revokedVerdict(at: RevokedAt): void;
  /** An expired verdict was served, because the Auth API is unreachable. */
  stale(): void;
  /** Serving of expired verdicts began because of `failure`, or ended: for the log. */
  serving(state: 'stale' | 'fresh', failure: SourceFailure | null): void;
}

/** A call to a source of identities. */
export interface SourceCall {
  readonly source: string;
  readonly method: string;
  /** Without a query. */
  readonly url: string;
}

export interface TracedCall {
  /** Trace headers for the source: alternating names and values. */
  readonly headers: readonly string[];
  /** `status` 0: no response. `error`: why the call failed, or null. */
  end(status: number, error: string | null): void;
}

/** Null: the call does not belong to a trace. */
export type TraceCall = (call: SourceCall) => TracedCall | null;

/** Runs a look-up. Its calls belong to the trace of the request that is being decided. */
export type TraceLookUp = <T>(lookUp: () => T) => T;
