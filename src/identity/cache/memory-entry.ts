/** What the memory cache keeps of a verdict, and what a revocation has to know of it. */
import type { Identity, Resolution } from '../../core/identity/identity.ts';
import type { VerdictSubject } from '../revocation/tombstones.ts';
import { resolutionOf, type Verdict } from '../verdict.ts';

/** Where a verdict comes from, as far as a revocation has to know. */
export interface Origin {
  /** Keyed names of the credential; empty when not known. */
  readonly lookups: readonly string[];
  /** Whether another replica asked for it, whose clock may be ahead of this one. */
  readonly foreign: boolean;
  /** When this process asked for it, by its tombstones (`asking`); `askedAtMs` by default. */
  readonly moment?: number;
}

export interface MemoryEntry extends Verdict {
  readonly key: string;
  readonly lookups: readonly string[];
  readonly foreign: boolean;
  /** What revocations are compared with. */
  readonly moment: number;
  /** What a hit returns. */
  readonly resolution: Resolution;
  /** Count of the tombstones' changes at which it was found not to be revoked. */
  version: number;
  /** Whether it was hit since it was asked for. */
  used: boolean;
  /** Until then it serves past its life without a request to the Auth API, which was out of reach a moment ago. */
  standsInUntilMs: number;
  dueStep: number | null;
}

export const unknownOrigin: Origin = Object.freeze({ lookups: Object.freeze([]), foreign: false });

/** `version`: count of the tombstones' changes. */
export function entryOf(key: string, verdict: Verdict, origin: Required<Origin>, version: number): MemoryEntry {
  const { identity, askedAtMs, endMs } = verdict;
  return {
    key,
    identity,
    askedAtMs,
    endMs,
    lookups: origin.lookups,
    foreign: origin.foreign,
    moment: origin.moment,
    resolution: Object.freeze(resolutionOf(verdict, 'memory')),
    version,
    used: false,
    standsInUntilMs: 0,
    dueStep: null,
  };
}

/** Whom the verdict is about. */
export function subjectOf(identity: Identity | null, lookups: readonly string[]): VerdictSubject {
  if (identity === null) return { lookups, sessionId: null, keyId: null, userId: null, issued: null };
  const { sessionId, keyId, userId } = identity;
  return { lookups, sessionId, keyId, userId, issued: identity };
}
