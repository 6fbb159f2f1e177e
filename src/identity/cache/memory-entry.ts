/** An entry of the memory cache, and the facts about it that revocations need. */
import type { Accepted, Identity, Resolution } from '../../core/identity/identity.ts';
import type { VerdictSubject } from '../revocation/tombstones.ts';
import { resolutionOf, type Verdict } from '../verdict.ts';

/** The origin of a verdict, as far as revocations need it. */
export interface Origin {
  /** Keyed names of the credential; empty if unknown. */
  readonly lookups: readonly string[];
  /** Whether another replica made the call, whose clock may be ahead of this one. */
  readonly foreign: boolean;
  /** When this process made the call, by its tombstones (`asking`); default: `askedAtMs`. */
  readonly moment?: number;
}

export interface MemoryEntry extends Verdict {
  readonly key: string;
  readonly lookups: readonly string[];
  readonly foreign: boolean;
  /** The time that revocations are compared with. */
  readonly moment: number;
  /** What a hit returns. */
  readonly resolution: Resolution;
  /** Count of the tombstones' changes at which it was found not to be revoked. */
  version: number;
  /** Whether it was hit since the call. */
  used: boolean;
  /** Until then it is used after its expiry without a call to the Auth API, which was unreachable a moment ago. */
  standsInUntilMs: number;
  dueStep: number | null;
}

/** An expired entry and its result. */
export interface StaleEntry {
  readonly entry: MemoryEntry;
  readonly accepted: Accepted;
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

/** The subject of the verdict. */
export function subjectOf(identity: Identity | null, lookups: readonly string[]): VerdictSubject {
  if (identity === null) return { lookups, sessionId: null, keyId: null, userId: null, issued: null };
  const { sessionId, keyId, userId } = identity;
  return { lookups, sessionId, keyId, userId, issued: identity };
}
