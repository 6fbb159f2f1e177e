/** The dependencies of operations: created once by `createAuthApi`, passed to every operation. */

import type { PasskeySettings } from '../config/passkey-settings.ts';
import type { ApiDocument } from '../operations/openapi/create-document.ts';
import type { AuthApiLog, RevocationEvent } from './events.ts';
import type { Limiter } from './limits/limiter.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { KeyedHashes } from './secrets/keyed-hashes.ts';
import type { AuthStore } from './store/auth-store.ts';

export interface Services {
  readonly store: AuthStore;
  readonly hashes: KeyedHashes;
  readonly limiter: Limiter;
  readonly outbox: Outbox;
  readonly rules: Rules;
  readonly log: Pick<AuthApiLog, 'error'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Notifies gateways that a cached result has changed; never throws. */
  readonly revoked: (event: RevocationEvent) => void;
  /** The description of the API. */
  readonly description: ApiDocument;
}

/** The settings that operations follow. */
export interface Rules {
  readonly selfRegistration: boolean;
  readonly revealUnknownEmail: boolean;
  readonly sessionLifetimeMs: number;
  readonly unverifiedLifetimeMs: number;
  /** Maximum life of a session from its creation, however often it is extended. */
  readonly sessionCapMs: number;
  readonly codeLifetimeMs: number;
  /** Of the session that adds an address or a key; null: any. */
  readonly recentSignInMs: number | null;
  /** Maximum wrong attempts at one code. */
  readonly limits: { readonly codeTries: number };
  /** Null: their operations do not exist. */
  readonly passkeys: PasskeySettings | null;
}

/** For operations that exist only with passkeys. */
export function passkeySettings({ rules: { passkeys } }: Services): PasskeySettings {
  if (passkeys === null) throw new TypeError('passkeys are not configured');
  return passkeys;
}
