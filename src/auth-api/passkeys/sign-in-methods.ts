/** What a session says about how its user signed in: `amr` by RFC 8176, and `acr`. A reference page shows this table. */
import type { OpenedBy } from '../store/session-store.ts';

export interface SignInMethod {
  readonly acr: string;
  readonly amr: readonly string[];
  readonly meaning: string;
}

export const signInMethods: Readonly<Record<OpenedBy, SignInMethod>> = {
  code: { acr: 'urn:rolegate:acr:code', amr: ['otp'], meaning: 'a code that was mailed' },
  // "phr": phishing-resistant (OpenID Connect Extended Authentication Profile ACR Values 1.0).
  device_passkey: { acr: 'phr', amr: ['hwk', 'user'], meaning: 'a passkey that cannot leave its device' },
  synced_passkey: { acr: 'phr', amr: ['swk', 'user'], meaning: 'a passkey that may be copied to other devices' },
  recovery_code: { acr: 'urn:rolegate:acr:recovery', amr: ['otp'], meaning: 'a recovery code' },
  link: { acr: 'urn:rolegate:acr:link', amr: [], meaning: 'a one-time link of `create-admin`' },
  local: { acr: 'urn:rolegate:acr:local', amr: [], meaning: 'a command or a program beside the API' },
};

export function isPasskey(openedBy: OpenedBy): boolean {
  return openedBy === 'device_passkey' || openedBy === 'synced_passkey';
}
