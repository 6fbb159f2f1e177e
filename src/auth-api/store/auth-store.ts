/**
 * The port for all persistent data. Every method is atomic, even if two processes share the store. Times are milliseconds since the
 * epoch. Secrets reach the store only as keyed hashes. Every method rejects with `StoreUnavailableError` while the database does
 * not respond.
 */
import type { CodeStore } from './code-store.ts';
import type { EmailStore } from './email-store.ts';
import type { KeyPairStore } from './keypair-store.ts';
import type { LinkStore } from './link-store.ts';
import type { PasskeyStore } from './passkey-store.ts';
import type { RecoveryCodeStore } from './recovery-code-store.ts';
import type { SessionStore } from './session-store.ts';
import type { UserStore } from './user-store.ts';

export interface AuthStore {
  readonly users: UserStore;
  readonly emails: EmailStore;
  readonly sessions: SessionStore;
  readonly keyPairs: KeyPairStore;
  readonly codes: CodeStore;
  readonly passkeys: PasskeyStore;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly links: LinkStore;
  /**
   * Removes up to `limit` rows of each kind that ended before `nowMs`, and returns the number of removed rows. Calls `ended` for
   * each verified credential among them.
   */
  sweep(nowMs: number, limit: number, ended?: CredentialEnded): Promise<number>;
  /** Rejects when the store cannot respond. */
  ping(): Promise<void>;
  /** No other method may be called after this one. */
  close(): Promise<void>;
}

export type CredentialEnded = (credential: { readonly kind: 'session' | 'keyPair'; readonly id: string }) => void;
