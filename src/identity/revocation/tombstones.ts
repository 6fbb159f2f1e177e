/**
 * What was revoked, and when: a verdict that was asked for before then is revoked, wherever it comes from and however late
 * it arrives. A token that the gateway verifies itself is asked for nowhere, so it stays revoked, whenever it is verified.
 * Synchronous and bounded; holds no credential, only keyed names of credentials.
 */
import type { Identity } from '../../core/identity/identity.ts';
import { Moments } from './moments.ts';

/**
 * `source`: of that source alone, whose ids are compared as they are; if unset: of every source. Then ids are compared without
 * case: a message may spell a UUID in another way than the Auth API does. `token` is the id of a token (`jti`).
 */
export type Revocation =
  | { readonly kind: 'session' | 'keypair' | 'token'; readonly id: string; readonly source?: string }
  | {
      readonly kind: 'user';
      readonly id: string;
      readonly source?: string;
      /**
       * Tokens that were issued until then are revoked, and later ones are good; milliseconds since the epoch, on the clock of
       * the issuer. If unset: until it was revoked.
       */
      readonly issuedBeforeMs?: number;
    }
  /** Keyed names of the credential: under the current secret, and under previous ones. */
  | { readonly kind: 'credential'; readonly lookups: readonly string[] }
  | { readonly kind: 'all' };

export type RevocationKind = Revocation['kind'];
export type NamedKind = Extract<Revocation, { readonly id: string }>['kind'];

/** Whom a verdict is about, as far as it is known. A rejection knows no ids. */
export interface VerdictSubject {
  /** Keyed names of the credential: under the current secret, and under previous ones; empty when not known. */
  readonly lookups: readonly string[];
  readonly sessionId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
  /** Of an identity; null: a rejection. */
  readonly issued: Pick<Identity, 'source' | 'tokenId' | 'issuedAtMs'> | null;
}

export interface TombstonesOptions {
  /** Life of one: longer than that of any verdict that was asked for before it, and of any token that it names. */
  readonly lifeMs: number;
  /** Names of the sources whose tokens the gateway verifies itself; if unset: none. */
  readonly selfVerified?: ReadonlySet<string>;
  /** Of each kind. Beyond it the oldest gives way to one that revokes whatever was asked for before it. */
  readonly maxEntries?: number;
}

/** As plain data, for another process of this machine. Moments in milliseconds since the epoch; null: none yet. */
export interface TombstoneData {
  readonly allMs: number | null;
  readonly issuedMs: number | null;
  readonly namedMs: number | null;
  /** The oldest first. */
  readonly ids: Readonly<Record<NamedKind, readonly (readonly [name: string, atMs: number])[]>>;
  readonly issued: readonly (readonly [name: string, untilMs: number])[];
  readonly credentials: readonly (readonly [lookup: string, atMs: number])[];
}

/** How far the clocks of two replicas may be apart. */
export const allowedSkewMs = 5_000;

const namedKinds = ['session', 'keypair', 'user', 'token'] as const satisfies readonly NamedKind[];
const defaultMaxEntries = 50_000;
/** The least that keeps two moments apart: a double still holds it in this century. */
const instantMs = 2 ** -10;

export class Tombstones {
  readonly #lifeMs: number;
  readonly #selfVerified: ReadonlySet<string>;
  readonly #ids: Readonly<Record<NamedKind, Moments>>;
  /** By user: until when tokens were issued that are revoked. */
  readonly #issued: Moments;
  readonly #credentials: Moments;
  /**
   * Counts revocations: a verdict that was found good at one count is still good at it. Plain data, as every hit compares it;
   * tombstones that take over from others share it with them.
   */
  changes = { count: 0 };
  /** Everything that was asked for until then is revoked. */
  #allMs = Number.NEGATIVE_INFINITY;
  /** Tokens that were issued until then are revoked, on the clock of this process. */
  #issuedMs = Number.NEGATIVE_INFINITY;
  /** The last one that named an id: a rejection that was asked for before it may have been about this id. */
  #namedMs = Number.NEGATIVE_INFINITY;
  /** Of the last one at all: what was asked for after it, needs no further look. */
  #lastMs = Number.NEGATIVE_INFINITY;
  /** Of all questions and revocations so far. */
  #latestMs = Number.NEGATIVE_INFINITY;
  /** What has taken over from here: look-ups that are still under way here end by what is revoked there. */
  #successor: Tombstones | null = null;
  /** The last revocation of a credential that was known then. */
  #handedOnMs = Number.NEGATIVE_INFINITY;

  constructor({ lifeMs, selfVerified = new Set(), maxEntries = defaultMaxEntries }: TombstonesOptions) {
    this.#lifeMs = lifeMs;
    this.#selfVerified = selfVerified;
    const moments = () => new Moments(maxEntries);
    this.#ids = { session: moments(), keypair: moments(), user: moments(), token: moments() };
    this.#issued = moments();
    this.#credentials = moments();
  }

  get size(): number {
    return namedKinds.reduce((sum, kind) => sum + this.#ids[kind].size, this.#credentials.size);
  }

  /**
   * The moment of a question that this process asks now: after every revocation so far, and not after any to come, even
   * if the clock is set back. For `revokes` alone.
   */
  asking(nowMs: number): number {
    if (this.#successor !== null) return this.#successor.asking(nowMs);
    this.#latestMs = Math.max(nowMs, this.#latestMs + instantMs);
    return this.#latestMs;
  }

  /** `nowMs`: when this process received it, in milliseconds since the epoch. A clock that is set back changes nothing. */
  add(revocation: Revocation, nowMs: number): void {
    const atMs = Math.max(nowMs, this.#latestMs);
    this.#latestMs = atMs;
    this.#lastMs = atMs;
    this.changes.count += 1;
    switch (revocation.kind) {
      case 'all':
        this.#allMs = atMs;
        this.#issuedMs = Math.max(this.#issuedMs, nowMs);
        // It covers all before it; but an issuer may issue further tokens for a session that stays revoked.
        if (this.#selfVerified.size > 0) return;
        for (const moments of [...Object.values(this.#ids), this.#issued, this.#credentials]) moments.clear();
        return;
      case 'credential':
        for (const lookup of revocation.lookups) this.#keep(this.#credentials, lookup, atMs);
        return;
      default: {
        this.#namedMs = atMs;
        const name = scopedName(revocation);
        this.#keep(this.#ids[revocation.kind], name, atMs);
        if (revocation.kind !== 'user') return;
        const untilMs = revocation.issuedBeforeMs ?? atMs + allowedSkewMs;
        this.#keepIssued([[name, untilMs]]);
      }
    }
  }

  /**
   * Whether it is a token that the gateway verifies itself and that was revoked: to verify it again does not make it good. One
   * that does not say when it was issued may be as old as any.
   */
  bars(subject: VerdictSubject): boolean {
    if (this.#successor?.bars(subject) === true) return true;
    const { issued, lookups } = subject;
    if (issued === null || !this.#selfVerified.has(issued.source)) return false;
    const issuedAtMs = issued.issuedAtMs ?? 0;
    if (issuedAtMs <= this.#issuedMs || this.#names(subject, Number.NEGATIVE_INFINITY, false)) return true;
    if (this.#issued.reaches(namesOf(subject.userId, issued.source), issuedAtMs)) return true;
    return lookups.length === 0
      ? this.#credentials.size > 0
      : this.#credentials.reaches(lookups, Number.NEGATIVE_INFINITY);
  }

  /**
   * Whether a verdict that was asked for at `askedAtMs` (of `asking`) may not be used anymore. `foreign`: it was asked for
   * by another replica, at that moment of its clock, which may be ahead of this one. A credential whose names are not known is taken for any of those that
   * were revoked.
   */
  revokes(subject: VerdictSubject, askedAtMs: number, foreign: boolean): boolean {
    if (this.#successor?.revokes(this.#namedThere(subject, this.#successor), askedAtMs, foreign) === true) return true;
    if (this.bars(subject)) return true;
    const fromMs = foreign ? askedAtMs - allowedSkewMs : askedAtMs;
    if (fromMs > this.#lastMs) return false;
    if (fromMs <= this.#allMs) return true;
    const { lookups } = subject;
    if (subject.sessionId === null && subject.keyId === null && subject.userId === null) {
      // Without the skew: a rejection that is believed a little too long grants no access, and otherwise none could be shared.
      if (askedAtMs <= this.#namedMs) return true;
    } else if (this.#names(subject, fromMs, true)) return true;
    return lookups.length === 0 ? fromMs <= this.#credentials.latestMs : this.#credentials.reaches(lookups, fromMs);
  }

  /** Whether one of its ids was revoked at `fromMs` or later. */
  namedSince(subject: VerdictSubject, fromMs: number): boolean {
    return fromMs <= this.#namedMs && this.#names(subject, fromMs, true);
  }

  /** Whether an id of it was revoked at `fromMs` or later; `users`: its user counts, too. */
  #names({ sessionId, keyId, userId, issued }: VerdictSubject, fromMs: number, users: boolean): boolean {
    const source = issued?.source ?? null;
    const { session, keypair, token, user } = this.#ids;
    if (session.reaches(namesOf(sessionId, source), fromMs)) return true;
    if (keypair.reaches(namesOf(keyId, source), fromMs)) return true;
    if (token.reaches(namesOf(issued?.tokenId ?? null, source), fromMs)) return true;
    return users && user.reaches(namesOf(userId, source), fromMs);
  }

  /** What `earlier` holds, holds here too; and what is revoked here from now on, is revoked there. */
  takeOver(earlier: Tombstones): void {
    earlier.changes.count = Math.max(earlier.changes.count, this.changes.count) + 1;
    this.changes = earlier.changes;
    this.#allMs = Math.max(this.#allMs, earlier.#allMs);
    this.#issuedMs = Math.max(this.#issuedMs, earlier.#issuedMs);
    this.#namedMs = Math.max(this.#namedMs, earlier.#namedMs);
    this.#lastMs = Math.max(this.#lastMs, earlier.#lastMs);
    this.#latestMs = Math.max(this.#latestMs, earlier.#latestMs);
    for (const kind of namedKinds) this.#keepAll(this.#ids[kind], earlier.#ids[kind]);
    this.#keepIssued(earlier.#issued);
    this.#keepAll(this.#credentials, earlier.#credentials);
    earlier.#successor = this;
    earlier.#handedOnMs = this.#credentials.latestMs;
  }

  data(): TombstoneData {
    return {
      allMs: finiteOrNull(this.#allMs),
      issuedMs: finiteOrNull(this.#issuedMs),
      namedMs: finiteOrNull(this.#namedMs),
      ids: {
        session: [...this.#ids.session],
        keypair: [...this.#ids.keypair],
        user: [...this.#ids.user],
        token: [...this.#ids.token],
      },
      issued: [...this.#issued],
      credentials: [...this.#credentials],
    };
  }

  /** What `data` holds, holds here too. */
  restore(data: TombstoneData): void {
    const earlier = new Tombstones({ lifeMs: this.#lifeMs });
    earlier.#allMs = data.allMs ?? Number.NEGATIVE_INFINITY;
    earlier.#issuedMs = data.issuedMs ?? Number.NEGATIVE_INFINITY;
    earlier.#namedMs = data.namedMs ?? Number.NEGATIVE_INFINITY;
    const { ids, credentials } = data;
    for (const [, atMs] of [...namedKinds.flatMap((kind) => ids[kind]), ...credentials]) {
      earlier.#latestMs = Math.max(earlier.#latestMs, atMs);
    }
    earlier.#latestMs = Math.max(earlier.#latestMs, earlier.#allMs, earlier.#namedMs);
    for (const kind of namedKinds) earlier.#keepAll(earlier.#ids[kind], ids[kind]);
    earlier.#keepIssued(data.issued);
    earlier.#keepAll(earlier.#credentials, credentials);
    earlier.#lastMs = earlier.#latestMs;
    this.takeOver(earlier);
  }

  /** Names of credentials that were revoked since may be under another secret there. */
  #namedThere(subject: VerdictSubject, successor: Tombstones): VerdictSubject {
    return successor.#credentials.latestMs === this.#handedOnMs ? subject : { ...subject, lookups: [] };
  }

  /** Of a name that is there already the later moment stays. */
  #keepAll(moments: Moments, before: Iterable<readonly [name: string, atMs: number]>): void {
    for (const [name, atMs] of before) {
      this.#keep(moments, name, Math.max(atMs, moments.at(name) ?? atMs));
    }
  }

  /** A moment of issue may be in the future, so it is compared with no question. */
  #keepIssued(until: Iterable<readonly [name: string, untilMs: number]>): void {
    for (const [name, untilMs] of until) {
      const latestMs = Math.max(untilMs, this.#issued.at(name) ?? untilMs);
      this.#issuedMs = Math.max(this.#issuedMs, this.#issued.keep(name, latestMs, this.#latestMs - this.#lifeMs));
    }
  }

  #keep(moments: Moments, name: string, atMs: number): void {
    const pushedOutMs = moments.keep(name, atMs, this.#latestMs - this.#lifeMs);
    this.#allMs = Math.max(this.#allMs, pushedOutMs);
    this.#issuedMs = Math.max(this.#issuedMs, pushedOutMs);
  }
}

/** No id and no name of a source has a line end. */
function scopedName({ id, source }: { readonly id: string; readonly source?: string }): string {
  return source === undefined ? id.toLowerCase() : `${source}\n${id}`;
}

/** Under which an id of this source may have been revoked. */
function namesOf(id: string | null, source: string | null): readonly string[] {
  if (id === null) return [];
  return source === null ? [id.toLowerCase()] : [id.toLowerCase(), `${source}\n${id}`];
}

function finiteOrNull(moment: number): number | null {
  return Number.isFinite(moment) ? moment : null;
}
