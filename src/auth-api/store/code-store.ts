/** The part of the store that holds verification codes. A code's row goes when it is used, so unknown and used are one. */

export type CodePurpose = 'session' | 'keypair' | 'email';

export interface NewCode {
  readonly id: string;
  readonly purpose: CodePurpose;
  /** Keyed hash of id and code; for a dead code, of something that nobody knows. */
  readonly codeHash: string;
  readonly expireAtMs: number;
}

/** What one try may look at. */
export interface CodeTry {
  /** The hash to compare with, or null when the tries are used up. */
  readonly codeHash: string | null;
  readonly expireAtMs: number;
}

export interface CodeStore {
  /**
   * Counts one try of a live code before anybody compares, so that tries at the same time cannot exceed `maxTries`.
   * Null: no live code of this purpose, or (with `userId`) it is somebody else's.
   */
  claimTry(
    request: { codeId: string; purpose: CodePurpose; userId: string | null; maxTries: number },
    nowMs: number,
  ): Promise<CodeTry | null>;
}
