/**
 * A verdict of the Auth API on one credential, and the port of the stores that keep it. It contains the identity, never a route's decision,
 * and only definite results: an outage is never kept.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Identity, Rejection, Resolution, VerdictSource } from '../core/identity/identity.ts';
import type { RevocationConnection } from './revocation/revocation-connection.ts';
import { allowedSkewMs } from './revocation/tombstones.ts';

export interface Verdict {
  /** Null: the Auth API rejects the credential. */
  readonly identity: Identity | null;
  /** Why it does, if known. */
  readonly rejection?: Rejection;
  /** When the Auth API was called, in milliseconds since the epoch: the time for which the verdict is valid. */
  readonly askedAtMs: number;
  /** End of its life, in milliseconds since the epoch; never past the identity's own `expireAtMs`. */
  readonly endMs: number;
}

/** Stores verdicts by credential. The caller does not distinguish a miss from a failure: a store that is down is a miss. */
export interface VerdictStore {
  /** The verdict, if one is stored that has not expired at `nowMs`. */
  find(credential: Credential, nowMs: number): Verdict | null | Promise<Verdict | null>;
  /** Stores a verdict if possible; a later verdict on the same credential replaces it. Never throws. */
  keep(credential: Credential, verdict: Verdict, nowMs: number): void;
}

/**
 * Whether a verdict may still be used; checked on every hit. If it is further ahead of this clock than other replicas' clocks may be, the
 * clock was set back, and it could live for hours.
 */
export function lives(verdict: Verdict, nowMs: number): boolean {
  return nowMs < verdict.endMs && verdict.askedAtMs <= nowMs + allowedSkewMs;
}

/** Whether it is from a call at `oldestMs` or later, and no revocation of it can have been missed. */
export function isFresh(
  { askedAtMs, foreign }: { readonly askedAtMs: number; readonly foreign: boolean },
  oldestMs: number,
  nowMs: number,
  connection: Pick<RevocationConnection, 'connectedUntilMs' | 'oldestMs'>,
): boolean {
  // Written so that NaN is never fresh.
  if (!(askedAtMs >= oldestMs)) return false;
  return nowMs < connection.connectedUntilMs || askedAtMs >= connection.oldestMs(nowMs, foreign);
}

/** The resolution of a verdict for a request. */
export function resolutionOf({ identity, rejection }: Verdict, source: VerdictSource): Resolution {
  if (identity !== null) return { identity, reason: null, stale: false, source };
  const rejected: Resolution = { identity, reason: 'credential_rejected', retryAfterS: null, source };
  return rejection === undefined ? rejected : { ...rejected, rejection };
}
