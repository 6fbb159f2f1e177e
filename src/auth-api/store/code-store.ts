/** The part of the store that holds verification codes. A code's row goes when it is used, so unknown and used are one. */

export type CodePurpose = 'session' | 'keypair' | 'email';

export interface NewCode {
  readonly id: string;
  readonly purpose: CodePurpose;
  /** Keyed hash of id and code. */
  readonly codeHash: string;
  readonly expireAtMs: number;
  /** Keyed hash of the account, or of the address that is to become one: its failed verifications are counted together. */
  readonly countedAs: string;
}

/** Whose a code is, and what is left of it. */
export interface PendingCode {
  readonly countedAs: string;
  /** Null for a decoy. */
  readonly userId: string | null;
  /** Tries so far. */
  readonly tries: number;
  readonly expireAtMs: number;
}

/** What one try may look at. */
export interface CodeTry {
  /** The hash to compare with, or null when the tries are used up. */
  readonly codeHash: string | null;
  readonly expireAtMs: number;
}

export interface CodeStore {
  /** Null: no live code of this purpose, or (with `userId`) it is another user's. */
  find(
    request: { codeId: string; purpose: CodePurpose; userId: string | null },
    nowMs: number,
  ): Promise<PendingCode | null>;
  /**
   * Counts one try of a live code before anybody compares, so that tries at the same time cannot exceed `maxTries`.
   * Null: no live code of this purpose, or (with `userId`) it is another user's.
   */
  claimTry(
    request: { codeId: string; purpose: CodePurpose; userId: string | null; maxTries: number },
    nowMs: number,
  ): Promise<CodeTry | null>;
}
