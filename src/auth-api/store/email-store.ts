/** The part of the store that holds e-mail addresses. A verified address belongs to one user; they are compared without case. */
import type { NewCode } from './code-store.ts';

export interface NewEmail {
  readonly id: string;
  readonly userId: string;
  readonly address: string;
  readonly createdAtMs: number;
  /** Until then the address must be verified, or the claim lapses. */
  readonly verifyByMs: number;
}

export interface EmailEntry {
  readonly emailId: string;
  readonly address: string;
  readonly preferred: boolean;
  readonly verified: boolean;
}

/** A verified address of an enabled user: where a sign-in may start. */
export interface SignInAddress {
  readonly userId: string;
  readonly emailId: string;
  readonly address: string;
}

export type PreferOutcome = 'done' | 'unknown' | 'unverified';
export type RemoveEmailOutcome = 'done' | 'unknown' | 'preferred';

export interface EmailStore {
  /** One indexed query. */
  findSignIn(address: string): Promise<SignInAddress | null>;
  findPreferred(userId: string): Promise<string | null>;
  /**
   * False: this user has it, or waits for its code, or it is `refused`, as another user has it; otherwise that one keeps it,
   * as the code verifies nothing. Rejects with `OwnerGoneError` when the user went meanwhile.
   */
  add(email: NewEmail, code: NewCode, ofAnother: 'refused' | 'added'): Promise<boolean>;
  /** Replaces the code of this user's unverified address; returns the address as stored, or null when there is none. */
  renewCode(address: string, userId: string, code: NewCode, verifyByMs: number): Promise<string | null>;
  /** Uses up the code and verifies its address. Returns its id; null: either is gone, or another user verified it first. */
  verify(codeId: string, nowMs: number): Promise<string | null>;
  list(userId: string, nowMs: number): Promise<readonly EmailEntry[]>;
  prefer(emailId: string, userId: string): Promise<PreferOutcome>;
  /** The preferred address stays, so that there is always one. */
  remove(emailId: string, userId: string): Promise<RemoveEmailOutcome>;
}
