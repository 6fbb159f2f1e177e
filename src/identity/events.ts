/** What the identity room tells the outside as it works: the source of its metrics. Callbacks must be cheap and never throw. */
import type { Credential } from '../core/credential/credential.ts';
import type { SourceFailure, SourceFailureKind, Unresolved } from '../core/identity/identity.ts';
import type { ClaimEvents } from '../core/identity/read-fields.ts';
import type { ThrottleEvents } from '../limits/authentication-throttle.ts';
import type { RedisFault } from '../redis/redis-link.ts';
import type { RevocationEvents } from './revocation/revocation-events.ts';

/** How a lookup ended: an identity, or the reason why there is none. */
export type VerdictOutcome = 'accepted' | Unresolved['reason'];

/** `connection` is the link itself: `ok` when it is ready, `error` when it broke or could not be made. */
export type RedisOperation = 'get' | 'set' | 'connection';

/** `invalid`: an entry that did not prove itself; `skipped`: too many writes in flight; `oversize`: too large to share. */
export type RedisOutcome = 'ok' | 'hit' | 'miss' | 'invalid' | 'error' | 'skipped' | 'oversize';

/**
 * How a look-up for which replicas share one flight went on. `led`: this one asks. `found`: another one has just asked.
 * Of those that waited for another one: `pushed` came, `failed` had no result, `late` never came, `disconnected`: it could
 * not come any more. `alone`: this replica is not connected to the others. `error`: Redis did not respond.
 */
export type SharedLookUpOutcome = 'led' | 'found' | 'pushed' | 'failed' | 'late' | 'disconnected' | 'alone' | 'error';

/**
 * What became of a verdict in use that was to be asked for again before its end. `shared`: another replica has asked.
 * `skipped`: there was no room.
 */
export type RefreshOutcome = 'accepted' | 'shared' | 'rejected' | 'failed' | 'skipped';

/** Where a verdict was that turned out to be revoked; `push`: on its way from another replica. */
export type RevokedAt = 'memory' | 'redis' | 'push' | 'auth-api';

export type BreakerState = 'closed' | 'half_open' | 'open';

export interface IdentityEvents extends RevocationEvents, ThrottleEvents, ClaimEvents {
  /**
   * Once for every call that was sent to a source; `failure`: why it gave no result; `seconds`: from sending to the judged
   * response.
   */
  sourceCall(
    source: string,
    kind: Credential['kind'],
    outcome: VerdictOutcome,
    failure: SourceFailureKind | null,
    seconds: number,
  ): void;
  /** A call is about to be sent to a source; if unset: none is traced. */
  readonly traceCall?: TraceCall;
  redis(operation: RedisOperation, outcome: RedisOutcome): void;
  /** A command of Redis has its reply, or failed. */
  redisCommand(ok: boolean, seconds: number): void;
  /** Why a connection, a command or a subscription failed: for the log. */
  redisFault(fault: RedisFault): void;
  /** These are the sources from now on; each of their URLs has a closed circuit breaker. */
  sources(urls: ReadonlyMap<string, number>): void;
  /** The circuit breaker in front of a URL of a source changed its state; URLs by their place in the list. */
  breaker(source: string, url: number, state: BreakerState): void;
  /** This URL was asked because those before it in the list failed, or were spared. */
  failover(source: string, url: number): void;
  /** Once for every look-up that had to join the other replicas; `waitedS` is null when it did not wait for them. */
  sharedLookUp(outcome: SharedLookUpOutcome, waitedS: number | null): void;
  /** Once for every verdict whose time to be asked for again had come. */
  refresh(outcome: RefreshOutcome): void;
  /** A verdict that lives had to leave memory for another one. */
  evicted(space: 'accepted' | 'rejected'): void;
  /** A verdict was found to be revoked, and is used no more. */
  revokedVerdict(at: RevokedAt): void;
  /** An expired verdict was served, because the Auth API is unreachable. */
  stale(): void;
  /** Expired verdicts began to be served because of `failure`, or no longer have to be: for the log. */
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
  /** What names the trace to the source: names and values in turn. */
  readonly headers: readonly string[];
  /** `status` 0: no response came. `error`: why the call failed; null: it did not. */
  end(status: number, error: string | null): void;
}

/** Null: the call belongs to no trace. */
export type TraceCall = (call: SourceCall) => TracedCall | null;
