/** The part of the store that holds e-mail addresses. One address belongs to one user, compared without letter case. */
import type { NewCode } from './code-store.ts';

export interface NewEmail {
  readonly id: string;
  readonly userId: string;
  readonly address: string;
  readonly createdAtMs: number;
  /** Until then the address must be verified, or it is free again. */
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
  /** False: somebody has this address already. Rejects with `OwnerGoneError` when the user went in the meantime. */
  add(email: NewEmail, code: NewCode): Promise<boolean>;
  /** Replaces the code of this user's unverified address; answers the address as stored, or null when there is none. */
  renewCode(address: string, userId: string, code: NewCode, verifyByMs: number): Promise<string | null>;
  /** Uses up the code and verifies its address; false when either is gone. */
  verify(codeId: string, nowMs: number): Promise<boolean>;
  list(userId: string, nowMs: number): Promise<readonly EmailEntry[]>;
  prefer(emailId: string, userId: string): Promise<PreferOutcome>;
  /** The preferred address stays, so that there is always one. */
  remove(emailId: string, userId: string): Promise<RemoveEmailOutcome>;
}
