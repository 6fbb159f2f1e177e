/**
 * What one flight does for one credential that memory does not hold: ask Redis, join the other replicas, ask the Auth API,
 * and keep what is a clear yes or no. A verdict that turns out to be revoked is not kept, not shared and not used.
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Rejection, Resolution, VerdictSource } from '../core/identity/identity.ts';
import type { Admission, AuthenticationThrottle, CheckResult } from '../limits/authentication-throttle.ts';
import { type CacheKeys, lookupKeys } from './cache/cache-key.ts';
import type { MemoryCache } from './cache/memory-cache.ts';
import { type Origin, subjectOf } from './cache/memory-entry.ts';
import type { IdentityEvents, RevokedAt } from './events.ts';
import { clip, drawLifetimes, type Lifetimes, verdictOf } from './lifetimes.ts';
import type { RevocationConnection } from './revocation/revocation-connection.ts';
import type { Tombstones } from './revocation/tombstones.ts';
import type { SharedTurn, SharedVerdicts } from './single-flight/shared-verdicts.ts';
import type { Sources } from './sources/create-sources.ts';
import type { Source, SourceResult } from './sources/source.ts';
import { lives, resolutionOf, type Verdict } from './verdict.ts';

export interface LookUpOptions {
  readonly memory: MemoryCache;
  /** Null: verdicts are not shared. */
  readonly shared: SharedVerdicts | null;
  readonly sources: Pick<Sources, 'of' | 'announced'>;
  /** Null: failed authentications are not throttled. */
  readonly throttle: AuthenticationThrottle | null;
  readonly lifetimes: Lifetimes;
  readonly tombstones: Tombstones;
  readonly connection: Pick<RevocationConnection, 'connects' | 'provenMs'>;
  /** Verdicts of other replicas that were asked for before then do not live. */
  readonly oldestMs: (nowMs: number) => number;
  readonly keys: CacheKeys;
  /** Called with the end of every call to a source. */
  readonly onAsked: (source: string, finding: Finding) => void;
  readonly events: Pick<IdentityEvents, 'revokedVerdict'>;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The end of a flight, and what has to be known of it to use it. */
export interface Finding {
  readonly resolution: Resolution;
  /** The moment for which it is true, in milliseconds since the epoch. */
  readonly askedAtMs: number;
  /** Whether another replica asked, whose clock may be ahead. */
  readonly foreign: boolean;
  /** Whether the Auth API is out of reach; null: nothing was learned of it. */
  readonly outage: boolean | null;
  /** Whether it was revoked meanwhile, so that those who waited for it have to look up again. */
  isRevoked(): boolean;
}

/** Looks a credential up for `client`; a verdict asked for before `oldestMs` does not do. */
export type LookUp = (credential: Credential, oldestMs: number, client?: string) => Promise<Finding>;

/** Providers send a logout token first, wait for the response, and end the tokens then. */
const settlingMs = 10_000;

export function createLookUp(options: LookUpOptions): LookUp {
  const { memory, shared, sources, throttle, lifetimes, tombstones, connection, events, now } = options;

  function findingOf(verdict: Verdict, source: VerdictSource, origin: Origin): Finding {
    const { identity, askedAtMs } = verdict;
    const { lookups, foreign, moment = askedAtMs } = origin;
    const resolution = resolutionOf(verdict, source);
    const subject = subjectOf(identity, lookups);
    let version = -1;
    let revoked = false;
    const isRevoked = () => {
      if (!revoked && version !== tombstones.changes.count) {
        version = tombstones.changes.count;
        revoked = tombstones.revokes(subject, moment, foreign);
      }
      return revoked;
    };
    return { resolution, askedAtMs, foreign, outage: source === 'auth-api' ? false : null, isRevoked };
  }

  /** A source that knows nothing of revocations gives no result while this process may miss them. */
  async function check(source: Source, credential: Credential, requester: string | undefined): Promise<SourceResult> {
    if (!source.unaware) return await source.check(credential, requester);
    if (!(await connection.connects(now))) return notConnected(source.name, now());
    const { provenMs } = connection;
    const result = await source.check(credential, requester);
    // True for the moment until which all revocations had arrived.
    return { ...result, askedAtMs: Math.min(result.askedAtMs, provenMs) };
  }

  function unlessRevoked(result: SourceResult, lookups: readonly string[]): SourceResult {
    if (result.identity === null || !tombstones.bars(subjectOf(result.identity, lookups))) return result;
    events.revokedVerdict('auth-api');
    return { ...result, identity: null, reason: 'credential_rejected', retryAfterS: null, rejection: 'revoked' };
  }

  /** A verdict of another replica, if it does: null when it was revoked, is past its life, or older than wanted. */
  function take(
    found: Verdict | null,
    credential: Credential,
    oldestMs: number,
    lookups: readonly string[],
    at: RevokedAt,
  ): Finding | null {
    if (found === null) return null;
    const nowMs = now();
    const verdict = clip(found, lifetimes);
    if (!lives(verdict, nowMs) || verdict.askedAtMs < options.oldestMs(nowMs)) return null;
    const origin: Origin = { lookups, foreign: true };
    const finding = findingOf(verdict, 'redis', origin);
    if (finding.isRevoked()) {
      events.revokedVerdict(at);
      return null;
    }
    // Kept even when it is too old for this route: a rejection must not be forgotten if the Auth API fails next.
    memory.keep(credential, verdict, nowMs, origin);
    return verdict.askedAtMs >= oldestMs ? finding : null;
  }

  /** The result of the source: kept and shared if it is a clear one. */
  async function ask(
    credential: Credential,
    source: Source,
    lookups: readonly string[],
    turn: SharedTurn | null,
    requester: string | undefined,
  ): Promise<Finding> {
    const finding = await findingAt(credential, source, lookups, turn, requester);
    options.onAsked(source.name, finding);
    return finding;
  }

  async function findingAt(
    credential: Credential,
    source: Source,
    lookups: readonly string[],
    turn: SharedTurn | null,
    requester: string | undefined,
  ): Promise<Finding> {
    const moment = tombstones.asking(now());
    const result = unlessRevoked(await check(source, credential, requester), lookups);
    if (result.identity === null && result.reason !== 'credential_rejected') {
      turn?.end(null);
      const { identity, reason, retryAfterS, failure, askedAtMs, outage } = result;
      const unresolved: Resolution = { identity, reason, retryAfterS, source: 'none' };
      const resolution = failure === null ? unresolved : { ...unresolved, failure };
      return { resolution, askedAtMs, foreign: false, outage, isRevoked: () => false };
    }
    const drawn = drawLifetimes(lifetimes, options.random(), result.keepableMs);
    const verdict = verdictOf(
      result.identity,
      result.askedAtMs,
      drawn,
      result.identity === null ? result.rejection : undefined,
    );
    const origin: Origin = { lookups, foreign: false, moment };
    const finding = findingOf(verdict, 'auth-api', origin);
    if (finding.isRevoked()) {
      events.revokedVerdict('auth-api');
      if (result.identity === null) memory.drop(credential);
      turn?.end(null);
      return finding;
    }
    if (settles(result, lookups)) {
      memory.drop(credential);
      turn?.end(null);
      return finding;
    }
    memory.keep(credential, verdict, now(), origin);
    turn?.end(verdict);
    return finding;
  }

  /** Whether its provider may not have ended yet what it has announced as ended: the result is good for this request alone. */
  function settles({ identity }: SourceResult, lookups: readonly string[]): boolean {
    if (identity === null || !sources.announced.has(identity.source)) return false;
    return tombstones.namedSince(subjectOf(identity, lookups), now() - settlingMs);
  }

  /** As one of all replicas, that ask once. */
  async function join(
    { credential, oldestMs, requester, source, lookups }: Asked,
    verdicts: SharedVerdicts,
    foundAny: boolean,
  ): Promise<Finding> {
    let anew = foundAny;
    for (;;) {
      const turn = await verdicts.join(credential, source.name, anew);
      const late = take(turn.verdict, credential, oldestMs, lookups, turn.pushed ? 'push' : 'redis');
      if (late !== null) {
        turn.release();
        return late;
      }
      if (turn.asks) return ask(credential, source, lookups, turn, requester);
      // What lies there does not do.
      anew = true;
    }
  }

  return async (credential, oldestMs, requester) => {
    const source = sources.of(credential);
    if (source === null) return noSource(now());
    const lookups = lookupKeys(credential, options.keys);
    const found = shared === null ? null : await shared.find(credential, source.name);
    const kept = take(found, credential, oldestMs, lookups, 'redis');
    if (kept !== null) {
      if (kept.resolution.identity !== null) throttle?.accepted(lookups[0]!);
      return kept;
    }
    const admission = (await throttle?.admit(lookups[0]!, credential, requester)) ?? unthrottled;
    if (admission.retryAfterS !== null) return throttled(now(), admission.retryAfterS);
    const asked = { credential, oldestMs, requester, source, lookups };
    const finding =
      shared === null
        ? await ask(credential, source, lookups, null, requester)
        : await join(asked, shared, found !== null);
    admission.end(resultOf(finding));
    return finding;
  };
}

interface Asked {
  readonly credential: Credential;
  readonly oldestMs: number;
  readonly requester: string | undefined;
  readonly source: Source;
  readonly lookups: readonly string[];
}

const unthrottled: Admission = Object.freeze({ retryAfterS: null, end() {} });

/** Said of a credential that its source knows to be genuine: it was not guessed. */
const genuine: ReadonlySet<Rejection | undefined> = new Set<Rejection>(['expired', 'revoked', 'too_old']);

/** What this process learned from a source; a rejection that another replica asked for is charged there. */
function resultOf({ resolution, foreign }: Finding): CheckResult {
  if (resolution.identity !== null) return 'accepted';
  const { reason, rejection } = resolution;
  return reason === 'credential_rejected' && !foreign && !genuine.has(rejection) ? 'rejected' : 'unknown';
}

/** No result: neither that it is good nor that it is not. */
function notConnected(name: string, nowMs: number): SourceResult {
  const detail = 'not connected to revocations';
  const failure = { source: name, url: '', kind: 'revocations', detail } as const;
  const nothing = { askedAtMs: nowMs, keepableMs: 0, outage: null };
  return { identity: null, reason: 'auth_unavailable', retryAfterS: null, failure, ...nothing };
}

/** Nothing was asked and nothing is kept. */
function noSource(nowMs: number): Finding {
  const reason = 'credential_rejected';
  const resolution: Resolution = { identity: null, reason, retryAfterS: null, source: 'none', rejection: 'no_source' };
  return { resolution, askedAtMs: nowMs, foreign: false, outage: null, isRevoked: () => false };
}

function throttled(nowMs: number, retryAfterS: number): Finding {
  const resolution: Resolution = {
    identity: null,
    reason: 'authentication_throttled',
    retryAfterS,
    source: 'none',
  };
  return { resolution, askedAtMs: nowMs, foreign: false, outage: null, isRevoked: () => false };
}
