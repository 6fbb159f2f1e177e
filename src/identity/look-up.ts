/**
 * The look-up of a credential that is not in memory, as a state machine. A revoked verdict is not kept, shared or used.
 *
 * | state    | waits for                  | next                                                                                   |
 * | -------- | -------------------------- | -------------------------------------------------------------------------------------- |
 * | stored   | the entry in Redis         | it is usable (`ofReplica`): done; else admitted                                        |
 * | admitted | the count of failures      | too many: done (429); else joined, or without Redis called                             |
 * | joined   | the turn of this replica   | another one has called: done; its entry is not usable: joined again; own turn: called  |
 * | called   | the source (`check`)       | an identity or a rejection: kept (`keep`), unless it is valid only now; else no result |
 */
import type { Credential } from '../core/credential/credential.ts';
import type { Identity, Rejection, Resolution, Unresolved, VerdictSource } from '../core/identity/identity.ts';
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
  readonly onResult: (source: string, result: LookUpResult) => void;
  readonly events: Pick<IdentityEvents, 'revokedVerdict'>;
  readonly now: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** With what is needed to use it. */
export interface LookUpResult {
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
export type LookUp = (credential: Credential, oldestMs: number, client?: string) => Promise<LookUpResult>;

/** What a step needs to know of its look-up. */
interface Query {
  readonly credential: Credential;
  readonly oldestMs: number;
  readonly client: string | undefined;
  readonly source: Source;
  /** Keyed names of the credential. */
  readonly lookups: readonly string[];
}

/** Providers send a logout token, wait for the response, and only then end the tokens. */
const settlingMs = 10_000;

export function createLookUp(options: LookUpOptions): LookUp {
  const { memory, shared, sources, throttle, lifetimes, tombstones, connection, events, now } = options;

  return async (credential, oldestMs, client) => {
    const source = sources.of(credential);
    if (source === null) return withoutVerdict(now(), 'credential_rejected', { rejection: 'no_source' });
    const query: Query = { credential, oldestMs, client, source, lookups: lookupKeys(credential, options.keys) };
    const entry = shared === null ? null : await shared.find(credential, source.name);
    const stored = ofReplica(query, entry, 'redis');
    if (stored !== null) {
      if (stored.resolution.identity !== null) throttle?.accepted(query.lookups[0]!);
      return stored;
    }
    const admission = (await throttle?.admit(query.lookups[0]!, credential, client)) ?? unthrottled;
    const { retryAfterS } = admission;
    if (retryAfterS !== null) return withoutVerdict(now(), 'authentication_throttled', { retryAfterS });
    const result = shared === null ? await call(query, null) : await join(query, shared, entry !== null);
    admission.end(checkResultOf(result, query));
    return result;
  };

  /** A verdict of another replica, or null if it was revoked, has expired, or is too old. */
  function ofReplica(query: Query, entry: Verdict | null, at: RevokedAt): LookUpResult | null {
    if (entry === null) return null;
    const nowMs = now();
    const verdict = clip(entry, lifetimes);
    if (!lives(verdict, nowMs) || verdict.askedAtMs < options.oldestMs(nowMs)) return null;
    const origin: Origin = { lookups: query.lookups, foreign: true };
    const result = resultOf(verdict, 'redis', origin);
    if (result.isRevoked()) {
      events.revokedVerdict(at);
      return null;
    }
    // Kept even if it is too old for this route: a rejection must not be forgotten if the Auth API fails next.
    memory.keep(query.credential, verdict, nowMs, origin);
    return verdict.askedAtMs >= query.oldestMs ? result : null;
  }

  /** Joins all replicas, which make one call. `skipsEntry`: the stored entry is not usable. */
  async function join(query: Query, verdicts: SharedVerdicts, skipsEntry: boolean): Promise<LookUpResult> {
    for (let skips = skipsEntry; ; skips = true) {
      const turn = await verdicts.join(query.credential, query.source.name, skips);
      const result = ofReplica(query, turn.verdict, turn.pushed ? 'push' : 'redis');
      if (result !== null) {
        turn.release();
        return result;
      }
      if (turn.asks) return call(query, turn);
    }
  }

  async function call(query: Query, turn: SharedTurn | null): Promise<LookUpResult> {
    const moment = tombstones.asking(now());
    const known = throttle?.knows(query.lookups[0]!) ?? false;
    const response = unlessRevoked(query, await check(query, known));
    let result: LookUpResult;
    if (response.identity === null && response.reason !== 'credential_rejected') {
      turn?.end(null);
      const { reason, retryAfterS, failure, askedAtMs, outage } = response;
      const more = failure === null ? { retryAfterS } : { retryAfterS, failure };
      result = withoutVerdict(askedAtMs, reason, more, outage);
    } else {
      result = keep(query, response, moment, turn);
    }
    options.onResult(query.source.name, result);
    return result;
  }

  /** A source that does not know about revocations gives no result while this process may miss them. */
  async function check({ source, credential, client }: Query, known: boolean): Promise<SourceResult> {
    if (!source.unaware) return await source.check(credential, client, known);
    if (!(await connection.connects(now))) return notConnected(source.name, now());
    const { provenMs } = connection;
    const response = await source.check(credential, client, known);
    // Valid for the time until which all revocations had arrived.
    return { ...response, askedAtMs: Math.min(response.askedAtMs, provenMs) };
  }

  function unlessRevoked({ source, credential, lookups }: Query, response: SourceResult): SourceResult {
    if (response.identity === null || !tombstones.bars(subjectOf(response.identity, lookups))) return response;
    source.revoked?.(credential);
    events.revokedVerdict('auth-api');
    return { ...response, identity: null, reason: 'credential_rejected', retryAfterS: null, rejection: 'revoked' };
  }

  /** Keeps and shares a definite response, unless it is valid only for this request. */
  function keep(query: Query, response: SourceResult, moment: number, turn: SharedTurn | null): LookUpResult {
    const { credential, lookups } = query;
    const { identity, askedAtMs, keepableMs } = response;
    const rejection = identity === null ? response.rejection : undefined;
    const verdict = verdictOf(identity, askedAtMs, drawLifetimes(lifetimes, options.random(), keepableMs), rejection);
    const origin: Origin = { lookups, foreign: false, moment };
    const result = resultOf(verdict, 'auth-api', origin);
    const isRevoked = result.isRevoked();
    if (isRevoked) events.revokedVerdict('auth-api');
    const isForOneRequest = isRevoked || isEnding(identity, lookups);
    if (!isForOneRequest) memory.keep(credential, verdict, now(), origin);
    else if (!isRevoked || identity === null) memory.drop(credential);
    turn?.end(isForOneRequest ? null : verdict);
    return result;
  }

  /** Whether its provider may not yet have ended what it announced as ended. */
  function isEnding(identity: Identity | null, lookups: readonly string[]): boolean {
    if (identity === null || !sources.announced.has(identity.acceptedBy)) return false;
    return tombstones.namedSince(subjectOf(identity, lookups), now() - settlingMs);
  }

  function resultOf(verdict: Verdict, source: VerdictSource, origin: Origin): LookUpResult {
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
}

const unthrottled: Admission = Object.freeze({ retryAfterS: null, end() {} });

/** Rejections of a genuine credential, which was not guessed. */
const genuine: ReadonlySet<Rejection | undefined> = new Set<Rejection>(['expired', 'revoked', 'too_old']);

/** The result of this process's own call; a rejection from another replica's call is charged there. */
function checkResultOf({ resolution, foreign }: LookUpResult, { source, credential }: Query): CheckResult {
  if (resolution.identity !== null) return 'accepted';
  const { reason, rejection } = resolution;
  // It limits no bearers: such a 429 is of a limiter in front of it.
  const isGuess = reason === 'auth_throttled' && source.passesRightSecrets === true && credential.kind === 'keyPair';
  if (isGuess) return foreign ? 'unknown' : 'rejected';
  return reason === 'credential_rejected' && !foreign && !genuine.has(rejection) ? 'rejected' : 'unknown';
}

/** The source gave no result: neither accepted nor rejected. */
function notConnected(name: string, nowMs: number): SourceResult {
  const detail = 'not connected to revocations';
  const failure = { source: name, url: '', kind: 'revocations', detail } as const;
  const nothing = { askedAtMs: nowMs, keepableMs: 0, outage: null };
  return { identity: null, reason: 'auth_unavailable', retryAfterS: null, failure, ...nothing };
}

/** Nothing is kept. */
function withoutVerdict(
  askedAtMs: number,
  reason: Unresolved['reason'],
  more: Partial<Unresolved>,
  outage: boolean | null = false,
): LookUpResult {
  const resolution: Resolution = { identity: null, reason, retryAfterS: null, source: 'none', ...more };
  return { resolution, askedAtMs, foreign: false, outage, isRevoked: () => false };
}
