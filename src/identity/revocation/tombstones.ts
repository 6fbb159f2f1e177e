/**
 * What was revoked, and when: a verdict from a call before then is revoked, regardless of its origin and when it arrives. A token that the
 * gateway verifies itself needs no call, so it stays revoked, whenever it is verified. Synchronous and bounded; contains no credentials,
 * only their keyed names.
 */
import type { Identity } from '../../core/identity/identity.ts';
import { Moments, SourceMoments } from './moments.ts';
import {
  type Issuers,
  isNamed,
  isUserNamed,
  ownerOf,
  type RevokedId,
  revokedName,
  revokedUserNames,
  type UserPrefixes,
} from './revoked-names.ts';
import { dataOf, finiteOrNull, type NamedData, type TombstoneData } from './tombstone-data.ts';

/**
 * `source`: only credentials that this source accepted, whose ids are compared exactly unless `anyCase` is set. If unset: every source, and ids are compared without
 * case, because a message may spell a UUID differently from the Auth API. `token` is the id of a token (`jti`).
 */
export type Revocation =
  | ({ readonly kind: 'session' | 'keyPair' | 'token' } & RevokedId)
  | ({
      readonly kind: 'user';
      /**
       * Tokens issued until then are revoked, and later ones are valid; milliseconds since the epoch, by the issuer's clock. If unset: the
       * time of the revocation.
       */
      readonly issuedBeforeMs?: number;
    } & RevokedId)
  /** Keyed names of the credential: under the current secret, and under previous ones. */
  | { readonly kind: 'credential'; readonly lookups: readonly string[] }
  /** `of`: only results of sources that are called, and no tokens that the gateway verifies itself. If unset: of every source. */
  | { readonly kind: 'all'; readonly of?: 'called' };

export type NamedKind = Extract<Revocation, { readonly id: string }>['kind'];

/** The known subject of a verdict. A rejection has no ids. */
export interface VerdictSubject {
  /** Keyed names of the credential: under the current secret, and under previous ones; empty if unknown. */
  readonly lookups: readonly string[];
  readonly sessionId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  /** Of an identity; null: a rejection. */
  readonly issued: (Pick<Identity, 'acceptedBy' | 'tokenId' | 'issuedAtMs'> & Partial<Pick<Identity, 'kind'>>) | null;
}

export interface TombstonesOptions {
  /** Life of a tombstone: longer than that of any verdict from an earlier call, and of any token that it names. */
  readonly lifeMs: number;
  /** If unset, every source is called. */
  readonly issuers?: Issuers;
  /** A revocation may name a user with or without the prefix; if unset: there are none. */
  readonly userPrefixes?: UserPrefixes;
  /** Maximum per kind and source. Beyond it, the oldest is replaced by one that revokes everything of that kind and source before it. */
  readonly maxEntries?: number;
}

/** Maximum difference between the clocks of two replicas. */
export const allowedSkewMs = 5_000;

const namedKinds = ['session', 'keyPair', 'user', 'token'] as const satisfies readonly NamedKind[];
const defaultMaxEntries = 50_000;
/** The smallest difference between two times that a double can represent in this century. */
const instantMs = 2 ** -10;

export class Tombstones {
  readonly #lifeMs: number;
  /** Also of earlier configurations: results and streams may be older than the names of now. */
  #issuers: Issuers;
  readonly #userPrefixes: UserPrefixes;
  readonly #ids: Readonly<Record<NamedKind, SourceMoments>>;
  /** By user: the time until which issued tokens are revoked. */
  readonly #issued: SourceMoments;
  readonly #credentials: Moments;
  /**
   * Counts revocations: a verdict that was valid at one count is still valid at it. Plain data, because every hit compares it; tombstones
   * share it with their successors.
   */
  changes = { count: 0 };
  /** Everything from calls until then is revoked. */
  #allMs = Number.NEGATIVE_INFINITY;
  /** Tokens issued until then are revoked, by the clock of this process. */
  #issuedMs = Number.NEGATIVE_INFINITY;
  /** The last one with an id: a rejection from an earlier call may concern this id. */
  #namedMs = Number.NEGATIVE_INFINITY;
  /** The last of all: results of later calls need no further check. */
  #lastMs = Number.NEGATIVE_INFINITY;
  /** The latest of all calls and revocations so far. */
  #latestMs = Number.NEGATIVE_INFINITY;
  /** The successor: look-ups still in progress here obey its revocations. */
  #successor: Tombstones | null = null;
  /** The last revocation of a credential at the time of the takeover. */
  #handedOnMs = Number.NEGATIVE_INFINITY;

  constructor(options: TombstonesOptions) {
    const { lifeMs, issuers = new Map(), userPrefixes = new Map(), maxEntries = defaultMaxEntries } = options;
    this.#lifeMs = lifeMs;
    this.#issuers = issuers;
    this.#userPrefixes = userPrefixes;
    const moments = () => new SourceMoments(maxEntries);
    this.#ids = { session: moments(), keyPair: moments(), user: moments(), token: moments() };
    this.#issued = moments();
    this.#credentials = new Moments(maxEntries);
  }

  get size(): number {
    return namedKinds.reduce((sum, kind) => sum + this.#ids[kind].size, this.#credentials.size);
  }

  /**
   * The time of a call that this process makes now: after every revocation so far, and not after any later one, even if the clock is set
   * back. Only for `revokes`.
   */
  asking(nowMs: number): number {
    if (this.#successor !== null) return this.#successor.asking(nowMs);
    this.#latestMs = Math.max(nowMs, this.#latestMs + instantMs);
    return this.#latestMs;
  }

  /** `nowMs`: when this process received it, in milliseconds since the epoch. A clock that is set back has no effect. */
  add(revocation: Revocation, nowMs: number): void {
    const atMs = Math.max(nowMs, this.#latestMs);
    this.#latestMs = atMs;
    this.#lastMs = atMs;
    this.changes.count += 1;
    switch (revocation.kind) {
      case 'all':
        this.#allMs = atMs;
        if (revocation.of === undefined) this.#issuedMs = Math.max(this.#issuedMs, nowMs);
        // It covers all earlier ones; but an issuer may issue further tokens for a revoked session, and a certificate stays revoked.
        if (this.#verifiesItself) return;
        for (const moments of [...Object.values(this.#ids), this.#issued]) moments.clear();
        return;
      case 'credential':
        for (const lookup of revocation.lookups) this.#keepCredential(lookup, atMs);
        return;
      default: {
        this.#namedMs = atMs;
        const { kind, source } = revocation;
        const owned = source === undefined ? revocation : { ...revocation, source: ownerOf(source, this.#issuers) };
        const names = kind === 'user' ? revokedUserNames(owned, this.#userPrefixes) : [revokedName(owned)];
        for (const name of names) this.#ids[kind].keep(name, atMs, this.#endedMs);
        if (kind !== 'user') return;
        const untilMs = revocation.issuedBeforeMs ?? atMs + allowedSkewMs;
        for (const name of names) this.#keepAll(this.#issued, [[name, untilMs]]);
      }
    }
  }

  /**
   * Whether it is a revoked token or certificate that the gateway verifies itself, which stays revoked. A token without an issue time may
   * be of any age. A certificate, which lives long, is barred only by its own revocation.
   */
  bars(subject: VerdictSubject): boolean {
    if (this.#successor?.bars(subject) === true) return true;
    const { issued, lookups } = subject;
    if (issued?.kind !== 'certificate') {
      const issuer = this.#issuers.get(issued?.acceptedBy ?? '') ?? null;
      if (issued === null || issuer === null) return false;
      const issuedAtMs = issued.issuedAtMs ?? 0;
      if (issuedAtMs <= this.#issuedMs || this.#names(subject, Number.NEGATIVE_INFINITY, issuedAtMs)) return true;
      if (isUserNamed(this.#issued, subject.userId, issuer, issuedAtMs, this.#userPrefixes)) return true;
    }
    if (lookups.length === 0) return this.#credentials.size > 0;
    return this.#credentials.reaches(lookups, Number.NEGATIVE_INFINITY);
  }

  /**
   * Whether a verdict from a call at `askedAtMs` (of `asking`) may no longer be used. `foreign`: another replica made the call, at that
   * time of its clock, which may be ahead of this one. A credential with unknown names is treated as any of the revoked ones.
   */
  revokes(subject: VerdictSubject, askedAtMs: number, foreign: boolean): boolean {
    if (this.#successor?.revokes(this.#namedThere(subject, this.#successor), askedAtMs, foreign) === true) return true;
    if (this.bars(subject)) return true;
    const fromMs = foreign ? askedAtMs - allowedSkewMs : askedAtMs;
    if (fromMs > this.#lastMs) return false;
    if (fromMs <= this.#allMs) return true;
    const { lookups } = subject;
    if (subject.sessionId === null && subject.keyId === null && subject.userId === null) {
      // Without the skew: a rejection that is used a little too long grants no access, and otherwise none could be shared.
      if (askedAtMs <= this.#namedMs) return true;
    } else if (this.#names(subject, fromMs) || this.#namesUser(subject, fromMs)) return true;
    return lookups.length === 0 ? fromMs <= this.#credentials.latestMs : this.#credentials.reaches(lookups, fromMs);
  }

  /** Whether one of its ids was revoked at `fromMs` or later. */
  namedSince(subject: VerdictSubject, fromMs: number): boolean {
    return fromMs <= this.#namedMs && (this.#names(subject, fromMs) || this.#namesUser(subject, fromMs));
  }

  /** Whether one of its ids was revoked at `fromMs` or later; `lostFromMs`: or may be an evicted one from then on. */
  #names({ sessionId, keyId, issued }: VerdictSubject, fromMs: number, lostFromMs = fromMs): boolean {
    const source = this.#ownerOf(issued);
    const { session, keyPair, token } = this.#ids;
    return (
      isNamed(session, sessionId, source, fromMs, lostFromMs) ||
      isNamed(keyPair, keyId, source, fromMs, lostFromMs) ||
      isNamed(token, issued?.tokenId ?? null, source, fromMs, lostFromMs)
    );
  }

  #namesUser({ userId, issued }: VerdictSubject, fromMs: number): boolean {
    return isUserNamed(this.#ids.user, userId, this.#ownerOf(issued), fromMs, this.#userPrefixes);
  }

  #ownerOf(issued: VerdictSubject['issued']): string | null {
    return issued === null ? null : ownerOf(issued.acceptedBy, this.#issuers);
  }

  get #verifiesItself(): boolean {
    return [...this.#issuers.values()].some((issuer) => issuer !== null);
  }

  /** Revocations of `earlier` also apply here, and later revocations here also apply there. */
  takeOver(earlier: Tombstones): void {
    earlier.changes.count = Math.max(earlier.changes.count, this.changes.count) + 1;
    this.changes = earlier.changes;
    this.#issuers = new Map([...earlier.#issuers, ...this.#issuers]);
    this.#allMs = Math.max(this.#allMs, earlier.#allMs);
    this.#issuedMs = Math.max(this.#issuedMs, earlier.#issuedMs);
    this.#namedMs = Math.max(this.#namedMs, earlier.#namedMs);
    this.#lastMs = Math.max(this.#lastMs, earlier.#lastMs);
    this.#latestMs = Math.max(this.#latestMs, earlier.#latestMs);
    for (const kind of namedKinds) this.#keepAll(this.#ids[kind], earlier.#ids[kind], earlier.#ids[kind].lost);
    this.#keepAll(this.#issued, earlier.#issued, earlier.#issued.lost);
    this.#keepCredentials(earlier.#credentials);
    earlier.#successor = this;
    earlier.#handedOnMs = this.#credentials.latestMs;
  }

  data(): TombstoneData {
    return {
      allMs: finiteOrNull(this.#allMs),
      issuedMs: finiteOrNull(this.#issuedMs),
      namedMs: finiteOrNull(this.#namedMs),
      ids: {
        session: dataOf(this.#ids.session),
        keyPair: dataOf(this.#ids.keyPair),
        user: dataOf(this.#ids.user),
        token: dataOf(this.#ids.token),
      },
      issued: dataOf(this.#issued),
      credentials: [...this.#credentials],
    };
  }

  /** Revocations in `data` also apply here. */
  restore(data: TombstoneData): void {
    const earlier = new Tombstones({ lifeMs: this.#lifeMs });
    earlier.#allMs = data.allMs ?? Number.NEGATIVE_INFINITY;
    earlier.#issuedMs = data.issuedMs ?? Number.NEGATIVE_INFINITY;
    earlier.#namedMs = data.namedMs ?? Number.NEGATIVE_INFINITY;
    const { ids, credentials } = data;
    for (const [, atMs] of [...namedKinds.flatMap((kind) => ids[kind].names), ...credentials]) {
      earlier.#latestMs = Math.max(earlier.#latestMs, atMs);
    }
    earlier.#latestMs = Math.max(earlier.#latestMs, earlier.#allMs, earlier.#namedMs);
    for (const kind of namedKinds) earlier.#keepAll(earlier.#ids[kind], ids[kind].names, ids[kind].lost);
    earlier.#keepAll(earlier.#issued, data.issued.names, data.issued.lost);
    earlier.#keepCredentials(credentials);
    earlier.#lastMs = earlier.#latestMs;
    this.takeOver(earlier);
  }

  /** Credentials revoked since then may have names under another secret there. */
  #namedThere(subject: VerdictSubject, successor: Tombstones): VerdictSubject {
    return successor.#credentials.latestMs === this.#handedOnMs ? subject : { ...subject, lookups: [] };
  }

  /** Tombstones from before have ended. */
  get #endedMs(): number {
    return this.#latestMs - this.#lifeMs;
  }

  /** For an existing name, the later time stays. */
  #keepAll(moments: SourceMoments, before: NamedMoments, lost: NamedData['lost'] = []): void {
    for (const [name, atMs] of before) moments.keep(name, Math.max(atMs, moments.at(name) ?? atMs), this.#endedMs);
    for (const [source, untilMs] of lost) moments.lose(source, untilMs);
  }

  #keepCredentials(before: NamedMoments): void {
    for (const [lookup, atMs] of before) {
      this.#keepCredential(lookup, Math.max(atMs, this.#credentials.at(lookup) ?? atMs));
    }
  }

  /** Any credential may be an evicted one. Only operators revoke credentials by themselves. */
  #keepCredential(lookup: string, atMs: number): void {
    const evictedMs = this.#credentials.keep(lookup, atMs, this.#endedMs);
    this.#allMs = Math.max(this.#allMs, evictedMs);
    this.#issuedMs = Math.max(this.#issuedMs, evictedMs);
  }
}

type NamedMoments = Iterable<readonly [name: string, atMs: number]>;
