/** The part of the store for verification codes. A used code's row is deleted, so unknown and used codes look the same. */

export type CodePurpose = 'session' | 'keypair' | 'email';

export interface NewCode {
  readonly id: string;
  /** `link`: its code is in a one-time link. */
  readonly purpose: CodePurpose | 'link';
  /** Keyed hash of id and code. */
  readonly codeHash: string;
  readonly expireAtMs: number;
  /** Keyed hash of the account, or of the address that will become one. Its failed verifications are counted together. */
  readonly countedAs: string;
}

/** The owner of a code, and its tries. */
export interface PendingCode {
  readonly countedAs: string;
  /** Null for a decoy. */
  readonly userId: string | null;
  /** Tries so far. */
  readonly tries: number;
  readonly expireAtMs: number;
}

/** The data for one try. */
export interface CodeTry {
  /** The hash to compare with; null: the tries are used up. */
  readonly codeHash: string | null;
  readonly expireAtMs: number;
}

export interface CodeStore {
  /** Null: there is no live code for this purpose, or (with `userId`) it belongs to another user. */
  find(
    request: { codeId: string; purpose: CodePurpose; userId: string | null },
    nowMs: number,
  ): Promise<PendingCode | null>;
  /**
   * Counts one try of a live code before the code is compared, so concurrent tries cannot exceed `maxTries`. Null: there is no live
   * code for this purpose, or (with `userId`) it belongs to another user.
   */
  claimTry(
    request: { codeId: string; purpose: CodePurpose; userId: string | null; maxTries: number },
    nowMs: number,
  ): Promise<CodeTry | null>;
}
