/**
 * A verdict of the Auth API on one credential, and the port of the stores that keep it. What is kept is the identity,
 * never a route's decision on it, and only a clear yes or no: an outage is never kept.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Identity, Rejection, Resolution, VerdictSource } from '../core/identity/identity.ts';
import { allowedSkewMs } from './revocation/tombstones.ts';

export interface Verdict {
  /** Null: the Auth API rejects the credential. */
  readonly identity: Identity | null;
  /** Why it does, as far as it says. */
  readonly rejection?: Rejection;
  /** When the Auth API was asked, in milliseconds since the epoch: the moment for which the verdict is true. */
  readonly askedAtMs: number;
  /** End of its life, in milliseconds since the epoch; never past the identity's own `expireAtMs`. */
  readonly endMs: number;
}

/**
 * Keeps verdicts by credential. Finding nothing and failing to look are the same to the caller: a store that is down
 * is a miss.
 */
export interface VerdictStore {
  /** The verdict, if one is held that lives at `nowMs`. */
  find(credential: Credential, nowMs: number): Verdict | null | Promise<Verdict | null>;
  /** Keeps a verdict if it can; a later verdict on the same credential replaces it. Never throws. */
  keep(credential: Credential, verdict: Verdict, nowMs: number): void;
}

/**
 * Whether a verdict may still be used; asked again on every hit. One that is further ahead of this clock than other replicas'
 * clocks may be could live for hours: the clock was set back.
 */
export function lives(verdict: Verdict, nowMs: number): boolean {
  return nowMs < verdict.endMs && verdict.askedAtMs <= nowMs + allowedSkewMs;
}

/** What a request gets of it. */
export function resolutionOf({ identity, rejection }: Verdict, source: VerdictSource): Resolution {
  if (identity !== null) return { identity, reason: null, stale: false, source };
  const rejected: Resolution = { identity, reason: 'credential_rejected', retryAfterS: null, source };
  return rejection === undefined ? rejected : { ...rejected, rejection };
}
