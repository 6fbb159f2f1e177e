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

/** How long verdicts live, counted from the moment the Auth API was asked. */
export interface Lifetimes {
  readonly acceptedMs: number;
  readonly rejectedMs: number;
}

/** A part of its life that a verdict is spared, so that those that begin together do not end together. */
const jitter = 0.1;

/**
 * The lifetimes of one verdict: up to a tenth shorter by `random` (from 0 to 1), and no longer than its response lets
 * itself be kept.
 */
export function drawLifetimes({ acceptedMs, rejectedMs }: Lifetimes, random: number, keepableMs: number): Lifetimes {
  const part = 1 - jitter * random;
  return {
    acceptedMs: Math.min(Math.floor(acceptedMs * part), keepableMs),
    rejectedMs: Math.min(Math.floor(rejectedMs * part), keepableMs),
  };
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

/** The verdict that starts its life at `askedAtMs`. */
export function verdictOf(
  identity: Identity | null,
  askedAtMs: number,
  lifetimes: Lifetimes,
  rejection?: Rejection,
): Verdict {
  const endMs =
    identity === null
      ? askedAtMs + lifetimes.rejectedMs
      : Math.min(askedAtMs + lifetimes.acceptedMs, identity.expireAtMs);
  return { identity, askedAtMs, endMs, ...(rejection === undefined ? {} : { rejection }) };
}

/** A verdict of another replica, whose configuration may be another one, with no longer life than `lifetimes` give. */
export function clip(verdict: Verdict, lifetimes: Lifetimes): Verdict {
  const own = verdictOf(verdict.identity, verdict.askedAtMs, lifetimes, verdict.rejection);
  return own.endMs < verdict.endMs ? own : verdict;
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

export interface TombstoneLifetimes {
  readonly acceptedMs: number;
  readonly staleOnOutageMs: number;
  readonly rejectedMs: number;
  /** Of a whole call to the Auth API. */
  readonly timeoutMs: number;
  /** Of a token that the gateway verifies itself, from its issue; 0: it verifies none. */
  readonly tokenMs: number;
}

/** Longer than any verdict or look-up that was begun before the revocation, and than any token that was issued before it. */
export function tombstoneLifeMs(lifetimes: TombstoneLifetimes): number {
  const { acceptedMs, staleOnOutageMs, rejectedMs, timeoutMs, tokenMs } = lifetimes;
  return Math.max(acceptedMs + staleOnOutageMs + rejectedMs + timeoutMs, tokenMs) + 2 * allowedSkewMs;
}
