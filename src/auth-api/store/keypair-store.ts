/** The part of the store for API key pairs. */

import type { NewCode } from './code-store.ts';
import type { Owner, Page, PageRequest } from './rows.ts';

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

/** A verified, live key pair of an enabled user. The caller must still compare the secret. */
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
   * Stores the pair and the code that verifies it, or null if it is already verified. Rejects with `OwnerGoneError` if the user was
   * removed meanwhile.
   */
  create(pair: NewKeyPair, code: NewCode | null): Promise<void>;
  /** One indexed query that does the same work whether or not the key exists. */
  findLive(apiKey: string, nowMs: number): Promise<LiveKeyPair | null>;
  /** Stores another hash of the same secret. Does nothing if the stored hash is no longer `fromHash`. */
  rehash(keyId: string, fromHash: string, toHash: string): Promise<void>;
  /** An unverified pair of this user. */
  findPending(apiKey: string, userId: string, nowMs: number): Promise<PendingKeyPair | null>;
  /** Replaces the code of an unverified pair. False: the pair no longer exists or is verified. */
  renewCode(keyId: string, code: NewCode): Promise<boolean>;
  /** Uses the code and verifies its pair. Returns the pair's id, or null if either no longer exists. */
  verify(codeId: string, nowMs: number): Promise<string | null>;
  list(userId: string, nowMs: number): Promise<readonly KeyPairSummary[]>;
  /** Ends a pair, with `userId` only if it belongs to that user. False: there is no such pair. */
  remove(keyId: string, userId: string | null): Promise<boolean>;
  /** Live pairs of all users, newest first. */
  page(request: PageRequest, nowMs: number): Promise<Page<KeyPairEntry>>;
}
