/**
 * What was revoked, and when: a verdict that was asked for before then is revoked, wherever it comes from and however late
 * it arrives. Synchronous and bounded; holds no credential, only keyed names of credentials.
 */

/** Ids are compared without case: a message may spell a UUID in another way than the Auth API does. */
export type Revocation =
  | { readonly kind: 'session' | 'keypair' | 'user'; readonly id: string }
  /** Keyed names of the credential: under the current secret, and under previous ones. */
  | { readonly kind: 'credential'; readonly lookups: readonly string[] }
  | { readonly kind: 'all' };

export type RevocationKind = Revocation['kind'];

/** Whom a verdict is about, as far as it is known. A rejection knows no ids. */
export interface VerdictSubject {
  /** Keyed names of the credential: under the current secret, and under previous ones; empty when not known. */
  readonly lookups: readonly string[];
  readonly sessionId: string | null;
  readonly keyId: string | null;
  readonly userId: string | null;
}

export interface TombstonesOptions {
  /** How long one stands: longer than any verdict lives that was asked for before it. See `tombstoneLifeMs`. */
  readonly lifeMs: number;
  /** Of each kind. Beyond it the oldest gives way to one that revokes whatever was asked for before it. */
  readonly maxEntries?: number;
}

/** As plain data, for another process of this machine. Moments in milliseconds since the epoch; null: none yet. */
export interface TombstoneData {
  readonly allMs: number | null;
  readonly namedMs: number | null;
  /** The oldest first. */
  readonly sessions: readonly (readonly [name: string, atMs: number])[];
  readonly keyPairs: readonly (readonly [name: string, atMs: number])[];
  readonly users: readonly (readonly [name: string, atMs: number])[];
  readonly credentials: readonly (readonly [lookup: string, atMs: number])[];
}

/** How far the clocks of two replicas may be apart. */
export const allowedSkewMs = 5_000;

const defaultMaxEntries = 50_000;
/** The least that keeps two moments apart: a double still holds it in this century. */
const instantMs = 2 ** -10;

export class Tombstones {
  readonly #lifeMs: number;
  readonly #sessions: Moments;
  readonly #keyPairs: Moments;
  readonly #users: Moments;
  readonly #credentials: Moments;
  /**
   * Counts revocations: a verdict that was found good at one count is still good at it. Plain data, as every hit compares it;
   * tombstones that take over from others share it with them.
   */
  changes = { count: 0 };
  /** Everything that was asked for until then is revoked. */
  #allMs = Number.NEGATIVE_INFINITY;
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

  constructor({ lifeMs, maxEntries = defaultMaxEntries }: TombstonesOptions) {
    this.#lifeMs = lifeMs;
    this.#sessions = new Moments(maxEntries);
    this.#keyPairs = new Moments(maxEntries);
    this.#users = new Moments(maxEntries);
    this.#credentials = new Moments(maxEntries);
  }

  get size(): number {
    return this.#sessions.size + this.#keyPairs.size + this.#users.size + this.#credentials.size;
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
        this.#clear();
        return;
      case 'credential':
        for (const lookup of revocation.lookups) this.#keep(this.#credentials, lookup, atMs);
        return;
      default:
        this.#namedMs = atMs;
        this.#keep(this.#ofKind(revocation.kind), revocation.id.toLowerCase(), atMs);
    }
  }

  /**
   * Whether a verdict that was asked for at `askedAtMs` (of `asking`) may not be used anymore. `foreign`: it was asked for
   * by another replica, at that moment of its clock, which may be ahead of this one. A credential whose names are not known is taken for any of those that
   * were revoked.
   */
  revokes(subject: VerdictSubject, askedAtMs: number, foreign: boolean): boolean {
    if (this.#successor?.revokes(this.#namedThere(subject, this.#successor), askedAtMs, foreign) === true) return true;
    const fromMs = foreign ? askedAtMs - allowedSkewMs : askedAtMs;
    if (fromMs > this.#lastMs) return false;
    if (fromMs <= this.#allMs) return true;
    const { lookups, sessionId, keyId, userId } = subject;
    if (sessionId === null && keyId === null && userId === null) {
      // Without the skew: a rejection that is believed a little too long lets nobody in, and none could be shared else.
      if (askedAtMs <= this.#namedMs) return true;
    } else {
      if (this.#sessions.reaches(sessionId?.toLowerCase(), fromMs)) return true;
      if (this.#keyPairs.reaches(keyId?.toLowerCase(), fromMs)) return true;
      if (this.#users.reaches(userId?.toLowerCase(), fromMs)) return true;
    }
    if (lookups.length === 0) return fromMs <= this.#credentials.latestMs;
    return lookups.some((lookup) => this.#credentials.reaches(lookup, fromMs));
  }

  /** What `earlier` holds, holds here too; and what is revoked here from now on, is revoked there. */
  takeOver(earlier: Tombstones): void {
    earlier.changes.count = Math.max(earlier.changes.count, this.changes.count) + 1;
    this.changes = earlier.changes;
    this.#allMs = Math.max(this.#allMs, earlier.#allMs);
    this.#namedMs = Math.max(this.#namedMs, earlier.#namedMs);
    this.#lastMs = Math.max(this.#lastMs, earlier.#lastMs);
    this.#latestMs = Math.max(this.#latestMs, earlier.#latestMs);
    for (const [moments, before] of [
      [this.#sessions, earlier.#sessions],
      [this.#keyPairs, earlier.#keyPairs],
      [this.#users, earlier.#users],
      [this.#credentials, earlier.#credentials],
    ] as const) {
      for (const [name, atMs] of before) this.#keep(moments, name, atMs);
    }
    earlier.#successor = this;
    earlier.#handedOnMs = this.#credentials.latestMs;
  }

  data(): TombstoneData {
    return {
      allMs: finiteOrNull(this.#allMs),
      namedMs: finiteOrNull(this.#namedMs),
      sessions: [...this.#sessions],
      keyPairs: [...this.#keyPairs],
      users: [...this.#users],
      credentials: [...this.#credentials],
    };
  }

  /** What `data` holds, holds here too. */
  restore(data: TombstoneData): void {
    const earlier = new Tombstones({ lifeMs: this.#lifeMs });
    earlier.#allMs = data.allMs ?? Number.NEGATIVE_INFINITY;
    earlier.#namedMs = data.namedMs ?? Number.NEGATIVE_INFINITY;
    earlier.#latestMs = Math.max(earlier.#allMs, earlier.#namedMs);
    for (const [moments, entries] of [
      [earlier.#sessions, data.sessions],
      [earlier.#keyPairs, data.keyPairs],
      [earlier.#users, data.users],
      [earlier.#credentials, data.credentials],
    ] as const) {
      for (const [name, atMs] of entries) {
        earlier.#keep(moments, name, atMs);
        earlier.#latestMs = Math.max(earlier.#latestMs, atMs);
      }
    }
    earlier.#lastMs = earlier.#latestMs;
    this.takeOver(earlier);
  }

  /** Names of credentials that were revoked since may be under another secret there. */
  #namedThere(subject: VerdictSubject, successor: Tombstones): VerdictSubject {
    return successor.#credentials.latestMs === this.#handedOnMs ? subject : { ...subject, lookups: [] };
  }

  #ofKind(kind: 'session' | 'keypair' | 'user'): Moments {
    if (kind === 'session') return this.#sessions;
    return kind === 'keypair' ? this.#keyPairs : this.#users;
  }

  #keep(moments: Moments, name: string, atMs: number): void {
    const pushedOutMs = moments.keep(name, atMs, atMs - this.#lifeMs);
    this.#allMs = Math.max(this.#allMs, pushedOutMs);
  }

  /** One that revokes everything stands for all before it. */
  #clear(): void {
    for (const moments of [this.#sessions, this.#keyPairs, this.#users, this.#credentials]) moments.clear();
  }
}

function finiteOrNull(moment: number): number | null {
  return Number.isFinite(moment) ? moment : null;
}

/** The moment of each name, the oldest first. */
class Moments {
  readonly #maxEntries: number;
  readonly #atMs = new Map<string, number>();
  latestMs = Number.NEGATIVE_INFINITY;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  get size(): number {
    return this.#atMs.size;
  }

  [Symbol.iterator](): MapIterator<[name: string, atMs: number]> {
    return this.#atMs.entries();
  }

  reaches(name: string | undefined, fromMs: number): boolean {
    if (name === undefined) return false;
    const atMs = this.#atMs.get(name);
    return atMs !== undefined && fromMs <= atMs;
  }

  /** Lets go of those before `endedMs`. Returns the moment of one that had to give way, or minus infinity. */
  keep(name: string, atMs: number, endedMs: number): number {
    this.latestMs = atMs;
    this.#atMs.delete(name);
    this.#atMs.set(name, atMs);
    for (const [oldest, oldestMs] of this.#atMs) {
      if (oldestMs >= endedMs) {
        if (this.#atMs.size <= this.#maxEntries) break;
        this.#atMs.delete(oldest);
        return oldestMs;
      }
      this.#atMs.delete(oldest);
    }
    return Number.NEGATIVE_INFINITY;
  }

  clear(): void {
    this.#atMs.clear();
    this.latestMs = Number.NEGATIVE_INFINITY;
  }
}

export interface TombstoneLifetimes {
  readonly acceptedMs: number;
  readonly staleOnOutageMs: number;
  readonly rejectedMs: number;
  /** Of a whole call to the Auth API. */
  readonly timeoutMs: number;
}

/** Longer than any verdict or look-up that was begun before the revocation. */
export function tombstoneLifeMs({ acceptedMs, staleOnOutageMs, rejectedMs, timeoutMs }: TombstoneLifetimes): number {
  return acceptedMs + staleOnOutageMs + rejectedMs + timeoutMs + 2 * allowedSkewMs;
}
