/** The part of the store for sessions. */

import type { NewCode } from './code-store.ts';
import type { Owner, Page, PageRequest } from './rows.ts';

/** How the user signed in. `link`: a one-time link. `local`: opened by a program beside the API, such as a command. */
export type OpenedBy = 'code' | 'device_passkey' | 'synced_passkey' | 'recovery_code' | 'link' | 'local';

export interface NewSession {
  readonly id: string;
  /** Null: a decoy for an unknown address. It can never be verified. */
  readonly userId: string | null;
  /** The address to which the code is sent. Verifying the session verifies the address. */
  readonly emailId: string | null;
  readonly bearerHash: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly openedBy: OpenedBy;
  readonly createdAtMs: number;
  /** Expiry once verified. */
  readonly expireAtMs: number;
  /** The deadline for verifying the session; after it the session ends. */
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
  readonly openedBy: OpenedBy;
}

export interface SessionEntry extends SessionSummary {
  readonly userId: string;
  readonly verified: boolean;
}

export interface RenewedCode {
  /** To which the code belongs; null: a decoy. */
  readonly address: string | null;
  readonly expireAtMs: number;
}

export interface SessionStore {
  /**
   * Stores the session and the code that verifies it, or null if it is already verified. Rejects with `OwnerGoneError` if user or
   * address were removed meanwhile.
   */
  create(session: NewSession, code: NewCode | null): Promise<void>;
  /** One indexed query. `bearerHashes`: the bearer hashed with the current and every earlier secret. */
  findLive(bearerHashes: readonly string[], nowMs: number): Promise<LiveSession | null>;
  /**
   * Uses the code and verifies its session and the address to which it was sent. Returns the session's id; null: code or session no
   * longer exist, or another user verified the address first.
   */
  verify(codeId: string, nowMs: number): Promise<string | null>;
  /**
   * Replaces a live code of a session that is not verified yet, under the same id; its tries begin again. The new code does not outlive the
   * session. Null: there is none.
   */
  renewCode(code: NewCode, nowMs: number): Promise<RenewedCode | null>;
  /** False: the session has ended. */
  extend(sessionId: string, expireAtMs: number, nowMs: number): Promise<boolean>;
  listLive(userId: string, nowMs: number): Promise<readonly SessionSummary[]>;
  /** Ends a session, with `userId` only if it belongs to that user. False: there is no such live session. */
  remove(sessionId: string, userId: string | null, nowMs: number): Promise<boolean>;
  /** Ends all sessions of a user, those included that are not verified yet, and its one-time link. False: there is no such user. */
  removeAll(userId: string): Promise<boolean>;
  /** Live sessions of all users, newest first. */
  page(request: PageRequest, nowMs: number): Promise<Page<SessionEntry>>;
}
