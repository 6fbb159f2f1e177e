/** The part of the store that holds sessions. */
import type { Owner, Page, PageRequest } from './auth-store.ts';
import type { NewCode } from './code-store.ts';

export interface NewSession {
  readonly id: string;
  /** Null: a decoy, for an unknown address. It can never be verified. */
  readonly userId: string | null;
  /** The address to which the code goes; it counts as verified when the session is. */
  readonly emailId: string | null;
  readonly bearerHash: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAtMs: number;
  /** Expiry once verified. */
  readonly expireAtMs: number;
  /** Until then the session must be verified, or it ends. */
  readonly verifyByMs: number;
}

export interface SessionSummary {
  readonly sessionId: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly expireAtMs: number;
}

/** A verified, live session of an enabled user. */
export interface LiveSession extends SessionSummary, Owner {
  readonly createdAtMs: number;
}

export interface SessionEntry extends SessionSummary {
  readonly userId: string;
  readonly verified: boolean;
}

export interface SessionStore {
  /**
   * Stores the session, and the code that verifies it or null for one that is verified already. Rejects with
   * `OwnerGoneError` when user or address went in the meantime.
   */
  create(session: NewSession, code: NewCode | null): Promise<void>;
  /** One indexed query. `bearerHashes`: the bearer under the current and every earlier secret. */
  findLive(bearerHashes: readonly string[], nowMs: number): Promise<LiveSession | null>;
  /** Uses up the code and verifies its session with the address it went to. Returns its id; null: either is
   * gone, or another user verified the address first. */
  verify(codeId: string, nowMs: number): Promise<string | null>;
  /** False: the session has ended. */
  extend(sessionId: string, expireAtMs: number, nowMs: number): Promise<boolean>;
  listLive(userId: string, nowMs: number): Promise<readonly SessionSummary[]>;
  /** Ends a session, of this user only when one is named. False: there is no such live session. */
  remove(sessionId: string, userId: string | null, nowMs: number): Promise<boolean>;
  /** Live sessions of everybody, newest first. */
  page(request: PageRequest, nowMs: number): Promise<Page<SessionEntry>>;
}
