/** The part of the store for passkeys, and for the challenges that they have answered. */
import type { NewSession } from './session-store.ts';

export interface NewPasskey {
  readonly id: string;
  readonly userId: string;
  /** As the authenticator chose it, in base64url. */
  readonly credentialId: string;
  /** COSE key (RFC 9052 section 7) in base64url. */
  readonly publicKey: string;
  readonly counter: number;
  /** Whether the authenticator may copy it to other devices. */
  readonly synced: boolean;
  readonly name: string;
  readonly createdAtMs: number;
}

export interface PasskeySummary {
  readonly passkeyId: string;
  readonly name: string;
  readonly synced: boolean;
  readonly createdAtMs: number;
  /** Null: never. */
  readonly lastUsedAtMs: number | null;
}

/** The passkey of an enabled user, with which a signature is verified. */
export interface SignInPasskey {
  readonly passkeyId: string;
  readonly userId: string;
  readonly credentialId: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly synced: boolean;
}

/** A challenge that was answered. */
export interface AnsweredChallenge {
  /** Keyed hash of the challenge. */
  readonly id: string;
  readonly expireAtMs: number;
}

/** `replayed`: the challenge was answered before. `taken`: a user has this credential. `full`: the user has `max` passkeys. */
export type AddPasskeyOutcome = 'done' | 'replayed' | 'taken' | 'full';

/** `gone`: the passkey was removed, or its user removed or disabled. `cloned`: its counter has not risen. */
export type UsePasskeyOutcome = 'done' | 'replayed' | 'gone' | 'cloned';

export interface PasskeyStore {
  /** Rejects with `OwnerGoneError` if the user was removed meanwhile. */
  add(passkey: NewPasskey, challenge: AnsweredChallenge, max: number): Promise<AddPasskeyOutcome>;
  /** One indexed query. */
  findSignIn(credentialId: string): Promise<SignInPasskey | null>;
  /** Uses the challenge, stores the counter of the signature, and opens the session. */
  use(
    passkeyId: string,
    signature: { readonly counter: number; readonly atMs: number; readonly challenge: AnsweredChallenge },
    session: NewSession,
  ): Promise<UsePasskeyOutcome>;
  /** Oldest first. */
  list(userId: string): Promise<readonly PasskeySummary[]>;
  /** The ids of the credentials of a user, which an authenticator must not create again. */
  credentialIds(userId: string): Promise<readonly string[]>;
  /** False: the user has no such passkey. */
  rename(passkeyId: string, userId: string, name: string): Promise<boolean>;
  /** Ends the sessions that it opened, too, except `keptSession`, and returns their ids. Null: the user has no such passkey. */
  remove(passkeyId: string, userId: string, keptSession: string | null): Promise<readonly string[] | null>;
}
