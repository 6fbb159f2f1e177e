/**
 * The steps of one flight for a credential that is not in memory: query Redis, join the other replicas, call the Auth API, and keep a
 * definite result. A revoked verdict is not kept, shared or used.
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
  /** Verdicts of other replicas from calls before this time are not used. */
  readonly oldestMs: (nowMs: number) => number;
  readonly keys: CacheKeys;
  /** Called with the result of every call to a source. */
  readonly onAsked: (source: string, finding: Finding) => void;
  readonly events: Pick<IdentityEvents, 'revokedVerdict'>;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The result of a flight, with what is needed to use it. */
export interface Finding {
  readonly resolution: Resolution;
  /** The time for which it is valid, in milliseconds since the epoch. */
  readonly askedAtMs: number;
  /** Whether another replica made the call, whose clock may be ahead. */
  readonly foreign: boolean;
  /** Whether the Auth API is unreachable; null: unknown. */
  readonly outage: boolean | null;
  /** Whether it was revoked meanwhile, so that waiting requests must look up again. */
  isRevoked(): boolean;
}

/** Looks up a credential for `client`; a verdict from a call before `oldestMs` is not accepted. */
export type LookUp = (credential: Credential, oldestMs: number, client?: string) => Promise<Finding>;

/** Providers send a logout token, wait for the response, and only then end the tokens. */
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

  /** A source that does not know about revocations gives no result while this process may miss them. */
  async function check(
    source: Source,
    credential: Credential,
    requester: string | undefined,
    known: boolean,
  ): Promise<SourceResult> {
    if (!source.unaware) return await source.check(credential, requester, known);
    if (!(await connection.connects(now))) return notConnected(source.name, now());
    const { provenMs } = connection;
    const result = await source.check(credential, requester, known);
    // Valid for the time until which all revocations had arrived.
    return { ...result, askedAtMs: Math.min(result.askedAtMs, provenMs) };
  }

  function unlessRevoked(
    result: SourceResult,
    lookups: readonly string[],
    source: Source,
    credential: Credential,
  ): SourceResult {
    if (result.identity === null || !tombstones.bars(subjectOf(result.identity, lookups))) return result;
    source.revoked?.(credential);
    events.revokedVerdict('auth-api');
    return { ...result, identity: null, reason: 'credential_rejected', retryAfterS: null, rejection: 'revoked' };
  }

  /** A verdict of another replica, or null if it was revoked, has expired, or is too old. */
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
    // Kept even if it is too old for this route: a rejection must not be forgotten if the Auth API fails next.
    memory.keep(credential, verdict, nowMs, origin);
    return verdict.askedAtMs >= oldestMs ? finding : null;
  }

  /** The result of the source: kept and shared if it is definite. */
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
    const known = throttle?.knows(lookups[0]!) ?? false;
    const result = unlessRevoked(await check(source, credential, requester, known), lookups, source, credential);
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

  /** Whether its provider may not yet have ended what it announced as ended: the result is valid only for this request. */
  function settles({ identity }: SourceResult, lookups: readonly string[]): boolean {
    if (identity === null || !sources.announced.has(identity.acceptedBy)) return false;
    return tombstones.namedSince(subjectOf(identity, lookups), now() - settlingMs);
  }

  /** Joins all replicas, which make one call. */
  async function join(
    { credential, oldestMs, requester, source, lookups }: Asked,
    verdicts: SharedVerdicts,
    foundAny: boolean,
  ): Promise<Finding> {
    let skipsEntry = foundAny;
    for (;;) {
      const turn = await verdicts.join(credential, source.name, skipsEntry);
      const late = take(turn.verdict, credential, oldestMs, lookups, turn.pushed ? 'push' : 'redis');
      if (late !== null) {
        turn.release();
        return late;
      }
      if (turn.asks) return ask(credential, source, lookups, turn, requester);
      // The stored entry is not usable.
      skipsEntry = true;
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
    admission.end(resultOf(finding, source, credential));
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

/** Rejections of a genuine credential, which was not guessed. */
const genuine: ReadonlySet<Rejection | undefined> = new Set<Rejection>(['expired', 'revoked', 'too_old']);

/** The result of this process's own call; a rejection from another replica's call is charged there. */
function resultOf(finding: Finding, { passesRightSecrets }: Source, { kind }: Credential): CheckResult {
  const { resolution, foreign } = finding;
  if (resolution.identity !== null) return 'accepted';
  const { reason, rejection } = resolution;
  // It limits no bearers: such a 429 is of a limiter in front of it.
  const isGuess = reason === 'auth_throttled' && passesRightSecrets === true && kind === 'keyPair';
  if (isGuess) return foreign ? 'unknown' : 'rejected';
  return reason === 'credential_rejected' && !foreign && !genuine.has(rejection) ? 'rejected' : 'unknown';
}

/** No result: neither accepted nor rejected. */
function notConnected(name: string, nowMs: number): SourceResult {
  const detail = 'not connected to revocations';
  const failure = { source: name, url: '', kind: 'revocations', detail } as const;
  const nothing = { askedAtMs: nowMs, keepableMs: 0, outage: null };
  return { identity: null, reason: 'auth_unavailable', retryAfterS: null, failure, ...nothing };
}

/** Nothing was called and nothing is kept. */
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
