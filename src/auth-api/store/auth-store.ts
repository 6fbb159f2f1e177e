/**
 * The port for all persistent data. Every method is one atomic step, even if two processes share the store. Times are milliseconds since
 * the epoch; secrets arrive here only as keyed hashes. Every method rejects with `StoreUnavailableError` while the database does not
 * respond.
 */
import type { CodeStore } from './code-store.ts';
import type { EmailStore } from './email-store.ts';
import type { KeyPairStore } from './keypair-store.ts';
import type { SessionStore } from './session-store.ts';
import type { UserStore } from './user-store.ts';

export interface AuthStore {
  readonly users: UserStore;
  readonly emails: EmailStore;
  readonly sessions: SessionStore;
  readonly keyPairs: KeyPairStore;
  readonly codes: CodeStore;
  /**
   * Removes up to `limit` rows of each kind that ended before `nowMs`; returns how many went. `ended` is called for each verified
   * credential among them.
   */
  sweep(nowMs: number, limit: number, ended?: CredentialEnded): Promise<number>;
  /** Rejects when the store cannot respond. */
  ping(): Promise<void>;
  /** No other method may be called afterwards. */
  close(): Promise<void>;
}

export type CredentialEnded = (credential: { readonly kind: 'session' | 'keypair'; readonly id: string }) => void;

/** A slice of a longer list: `page` counts from 1. */
export interface PageRequest {
  readonly limit: number;
  readonly page: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Rows in the whole list. */
  readonly total: number;
}

/** Who a credential belongs to: what both kinds of credential tell. */
export interface Owner {
  readonly userId: string;
  readonly alias: string;
  readonly fullName: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}
