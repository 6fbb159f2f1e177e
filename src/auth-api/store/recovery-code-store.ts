/** The part of the store for recovery codes. A used code's row is deleted. */
import type { NewSession } from './session-store.ts';

export interface NewRecoveryCode {
  readonly id: string;
  readonly codeHash: string;
}

export interface RecoveryCodeStore {
  /** Replaces all codes of the user. Rejects with `OwnerGoneError` if the user was removed meanwhile. */
  replace(userId: string, codes: readonly NewRecoveryCode[]): Promise<void>;
  /** Of the unused codes. */
  hashes(userId: string): Promise<readonly string[]>;
  /** The enabled user whose code has one of these hashes, which are of one code under the current and every earlier secret. */
  findUser(codeHashes: readonly string[]): Promise<string | null>;
  /** Deletes the code and opens the session. False: the code was used, or its user removed or disabled. */
  use(codeHashes: readonly string[], session: NewSession & { readonly userId: string }): Promise<boolean>;
}
