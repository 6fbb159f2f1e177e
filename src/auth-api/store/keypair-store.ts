/** The part of the store that holds API key pairs. */
import type { Owner, Page, PageRequest } from './auth-store.ts';
import type { NewCode } from './code-store.ts';

export interface NewKeyPair {
  readonly id: string;
  readonly userId: string;
  readonly apiKey: string;
  readonly secretHash: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly expireAtMs: number;
}

export interface KeyPairSummary {
  readonly keyId: string;
  readonly apiKey: string;
  readonly name: string;
  readonly expireAtMs: number;
  readonly verified: boolean;
}

/** A verified, live key pair of an enabled user; the caller must still compare the secret. */
export interface LiveKeyPair extends KeyPairSummary, Owner {
  readonly secretHash: string;
}

export interface PendingKeyPair {
  readonly keyId: string;
  readonly name: string;
  readonly secretHash: string;
}

export interface KeyPairEntry extends KeyPairSummary {
  readonly userId: string;
}

export interface KeyPairStore {
  /**
   * Stores the pair, and the code that verifies it or null for one that is verified already. Rejects with
   * `OwnerGoneError` when the user went in the meantime.
   */
  create(pair: NewKeyPair, code: NewCode | null): Promise<void>;
  /** One indexed query, whose work is the same whether there is such a key or not. */
  findLive(apiKey: string, nowMs: number): Promise<LiveKeyPair | null>;
  /** Stores another hash of the same secret; does nothing when the stored one is no longer `fromHash`. */
  rehash(keyId: string, fromHash: string, toHash: string): Promise<void>;
  /** An unverified pair of this user. */
  findPending(apiKey: string, userId: string, nowMs: number): Promise<PendingKeyPair | null>;
  /** Replaces the code of an unverified pair; false when the pair is gone or verified. */
  renewCode(keyId: string, code: NewCode): Promise<boolean>;
  /** Uses up the code and verifies its pair; returns the pair's id, or null when either is gone. */
  verify(codeId: string, nowMs: number): Promise<string | null>;
  list(userId: string, nowMs: number): Promise<readonly KeyPairSummary[]>;
  /** Ends a pair, of this user only when one is named. False: there is no such pair. */
  remove(keyId: string, userId: string | null): Promise<boolean>;
  /** Live pairs of everybody, newest first. */
  page(request: PageRequest, nowMs: number): Promise<Page<KeyPairEntry>>;
}
