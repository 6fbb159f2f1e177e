/** How long verdicts live: those of this process, those of other replicas, and the revocations that must outlive both. */
import type { Identity, Rejection } from '../core/identity/identity.ts';
import { allowedSkewMs } from './revocation/tombstones.ts';
import type { Verdict } from './verdict.ts';

/** How long verdicts live, counted from the call to the Auth API. */
export interface Lifetimes {
  readonly acceptedMs: number;
  readonly rejectedMs: number;
}

/** Maximum share by which a life is shortened, so that verdicts that begin together do not end together. */
const jitter = 0.1;

/** The lifetimes of one verdict: up to a tenth shorter by `random` (from 0 to 1), and no longer than its response allows. */
export function drawLifetimes({ acceptedMs, rejectedMs }: Lifetimes, random: number, keepableMs: number): Lifetimes {
  const part = 1 - jitter * random;
  return {
    acceptedMs: Math.min(Math.floor(acceptedMs * part), keepableMs),
    rejectedMs: Math.min(Math.floor(rejectedMs * part), keepableMs),
  };
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

/** A verdict of another replica, whose configuration may differ, with a life of at most `lifetimes`. */
export function clip(verdict: Verdict, lifetimes: Lifetimes): Verdict {
  const own = verdictOf(verdict.identity, verdict.askedAtMs, lifetimes, verdict.rejection);
  return own.endMs < verdict.endMs ? own : verdict;
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

/** Longer than any verdict or look-up from before the revocation, and than any token issued before it. */
export function tombstoneLifeMs(lifetimes: TombstoneLifetimes): number {
  const { acceptedMs, staleOnOutageMs, rejectedMs, timeoutMs, tokenMs } = lifetimes;
  return Math.max(acceptedMs + staleOnOutageMs + rejectedMs + timeoutMs, tokenMs) + 2 * allowedSkewMs;
}
