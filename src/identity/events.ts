/** What the identity room tells the outside as it works: the source of its metrics. Callbacks must be cheap and never throw. */
import type { Credential } from '../core/credential/credential.ts';
import type { Unresolved, VerdictSource } from '../core/identity/identity.ts';

/** How a lookup ended: an identity, or the reason why there is none. */
export type VerdictOutcome = 'accepted' | Unresolved['reason'];

/** `connection` is the link itself: `ok` when it is ready, `error` when it broke or could not be made. */
export type RedisOperation = 'get' | 'set' | 'connection';

/** `invalid`: an entry that did not prove itself; `skipped`: too many writes in flight, or an entry too large to share. */
export type RedisOutcome = 'ok' | 'hit' | 'miss' | 'invalid' | 'error' | 'skipped';

export type BreakerState = 'closed' | 'half_open' | 'open';

export interface IdentityEvents {
  /** Once for every `resolve`. `source` is `none` when there is no verdict. Called on the hot path. */
  verdict(source: VerdictSource, outcome: VerdictOutcome): void;
  /** Once for every call that was sent to the Auth API; `seconds` is from sending to the judged answer. */
  authApiCall(kind: Credential['kind'], outcome: VerdictOutcome, seconds: number): void;
  redis(operation: RedisOperation, outcome: RedisOutcome): void;
  /** The circuit breaker in front of the Auth API changed its state. */
  breaker(state: BreakerState): void;
  /** A verdict past its life was served, because the Auth API is out of reach. */
  stale(): void;
}
