/** The part of the store for e-mail addresses. A verified address belongs to one user. Addresses are compared without case. */
import type { NewCode } from './code-store.ts';

export interface NewEmail {
  readonly id: string;
  readonly userId: string;
  readonly address: string;
  readonly createdAtMs: number;
  /** The deadline for verifying the address; after it the claim lapses. */
  readonly verifyByMs: number;
}

export interface EmailEntry {
  readonly emailId: string;
  readonly address: string;
  readonly preferred: boolean;
  readonly verified: boolean;
}

/** A verified address of an enabled user, with which a sign-in may start. */
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
   * False: this user already has the address or waits for its code, or another user has it and `ofAnother` is `refused`. With
   * `added`, the other user keeps it, because the code verifies nothing. Rejects with `OwnerGoneError` if the user was removed
   * meanwhile.
   */
  add(email: NewEmail, code: NewCode, ofAnother: 'refused' | 'added'): Promise<boolean>;
  /** Replaces the code of this user's unverified address. Returns the address as stored, or null if there is none. */
  renewCode(address: string, userId: string, code: NewCode, verifyByMs: number): Promise<string | null>;
  /**
   * Uses the code and verifies its address. Returns its id; null: code or address no longer exist, or another user verified it
   * first.
   */
  verify(codeId: string, nowMs: number): Promise<string | null>;
  list(userId: string, nowMs: number): Promise<readonly EmailEntry[]>;
  prefer(emailId: string, userId: string): Promise<PreferOutcome>;
  /** Never removes the preferred address, so there is always one. */
  remove(emailId: string, userId: string): Promise<RemoveEmailOutcome>;
}
