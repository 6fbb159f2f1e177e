/**
 * What one flight does for one credential that memory cannot answer: ask Redis, then the Auth API, and keep what is a
 * clear yes or no.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Resolution, VerdictSource } from '../core/identity/identity.ts';
import type { AuthApiClient } from './auth-api-client.ts';
import { clip, type Lifetimes, lives, type Verdict, type VerdictStore, verdictOf } from './verdict.ts';

export interface LookUpOptions {
  readonly memory: VerdictStore;
  /** Null: verdicts are not shared. */
  readonly redis: VerdictStore | null;
  readonly client: AuthApiClient;
  readonly lifetimes: Lifetimes;
  readonly now: () => number;
}

/** The end of a flight, and the moment for which it is true, in milliseconds since the epoch. */
export interface Finding {
  readonly resolution: Resolution;
  readonly askedAtMs: number;
}

/** Looks a credential up; a verdict asked for before `oldestMs` does not do. */
export type LookUp = (credential: Credential, oldestMs: number) => Promise<Finding>;

export function createLookUp({ memory, redis, client, lifetimes, now }: LookUpOptions): LookUp {
  return async (credential, oldestMs) => {
    const found = redis === null ? null : await redis.find(credential, now());
    const shared = found === null ? null : clip(found, lifetimes);
    if (shared !== null && lives(shared, now())) {
      // Kept even when it is too old for this route: a rejection must not be forgotten if the Auth API fails next.
      memory.keep(credential, shared, now());
      if (shared.askedAtMs >= oldestMs) return findingOf(shared, 'redis');
    }
    const answer = await client.check(credential);
    const { identity, askedAtMs } = answer;
    if (identity === null && answer.reason !== 'credential_rejected') {
      const { reason, retryAfterS } = answer;
      return { resolution: { identity, reason, retryAfterS, source: 'none' }, askedAtMs };
    }
    const verdict = verdictOf(identity, askedAtMs, lifetimes);
    memory.keep(credential, verdict, now());
    redis?.keep(credential, verdict, now());
    return findingOf(verdict, 'auth-api');
  };
}

function findingOf({ identity, askedAtMs }: Verdict, source: VerdictSource): Finding {
  const resolution: Resolution =
    identity === null
      ? { identity, reason: 'credential_rejected', retryAfterS: null, source }
      : { identity, reason: null, stale: false, source };
  return { resolution, askedAtMs };
}
