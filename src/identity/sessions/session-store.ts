/** The port of the stores of browser sessions: what one contains, and what every store does with it. */

/** What a sign-in left. It contains tokens: outside this process it is sealed. */
export interface StoredSession {
  /** Name of the provider in the configuration. */
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  /** What the provider says about the user: the identity is read from them. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The provider's own id of its session (`sid`); null: unknown. */
  readonly providerSession: string | null;
  /** When the user proved who he is (`auth_time`); null: unknown. All times are in milliseconds since the epoch. */
  readonly authenticatedAtMs: number | null;
  readonly openedAtMs: number;
  /** Id of the sign-in that opened it. */
  readonly transaction: string;
  /** The store updates it now and then, when the session is found. */
  readonly usedAtMs: number;
  /** For the user's list of sessions. */
  readonly device: string;
  readonly address: string;
  readonly tokens: SessionTokens;
}

export interface SessionTokens {
  readonly access: string | null;
  readonly id: string | null;
  readonly refresh: string | null;
  /** Null: the provider did not say. */
  readonly expiresAtMs: number | null;
  /** When they, or the claims, were last received. */
  readonly receivedAtMs: number;
}

/** The right to refresh one session, for one process at a time. */
export interface Lease {
  /** Fence: a store saves nothing for a holder that has lost it. */
  readonly token: string;
  /** Gives it up, if it was not lost. Never rejects. */
  release(): Promise<void>;
}

export interface ListedSession {
  /** Names the session without being its cookie. */
  readonly handle: string;
  readonly session: StoredSession;
}

/** Every method rejects with `SessionStoreUnavailable` during an outage: the session may well exist. */
export interface SessionStore {
  /**
   * Keeps a new session and returns its id, the value of the cookie. If a bound is exceeded, the sessions end that were unused for longest:
   * of this person, then of all.
   */
  open(session: StoredSession): Promise<string>;
  /** Null: there is none, or it has expired. Counts as a use of the session. */
  find(id: string): Promise<StoredSession | null>;
  /** Replaces what a session contains; its times of opening and use remain. False: the lease was lost, or the session has ended. */
  replace(id: string, session: StoredSession, lease: Lease): Promise<boolean>;
  /** Null: another process has it, or there is no such session. Renewed until it is released, for a bounded time. */
  lease(id: string): Promise<Lease | null>;
  end(id: string): Promise<void>;
  /** The newest first. */
  listOf(issuer: string, subject: string): Promise<readonly ListedSession[]>;
  /** Ends nothing but a session of this person. */
  endByHandle(issuer: string, subject: string, handle: string): Promise<void>;
  close(): Promise<void>;
}

/** The store does not respond, so that nothing is known about the session. */
export class SessionStoreUnavailable extends Error {
  override readonly name = 'SessionStoreUnavailable';
}

/** The session has more claims or longer tokens than are kept. */
export class SessionTooLarge extends Error {
  override readonly name = 'SessionTooLarge';
}

export interface SessionBounds {
  /** A session that is not used for this long ends. */
  readonly maxIdleMs: number;
  /** A session ends this long after it was opened. */
  readonly maxLifetimeMs: number;
  readonly maxPerPerson: number;
  readonly max: number;
}

/** Why a session ended although it had not expired: `person` and `all` are the bounds, `redis` is an eviction by Redis. */
export type SessionEviction = 'person' | 'all' | 'redis';

export interface SessionStoreOptions {
  readonly bounds: SessionBounds;
  /** `cache.secret`; sessions under the previous ones, the newest first, remain good. */
  readonly secret: string | Uint8Array;
  readonly previousSecrets: readonly string[];
  /** `handle`: of the session. */
  readonly onEvict: (by: SessionEviction, handle: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}
