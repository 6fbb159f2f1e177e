/** Paths of the gateway itself, before any route. */
import { ownPaths, signInPath } from '../core/credential/sign-in.ts';

export const handOverPrefix = `${ownPaths}hand-over/`;

export const paths = {
  start: (provider: string) => signInPath([provider]),
  /** Where a person chooses one of several providers. */
  choose: `${ownPaths}sign-in`,
  callback: (provider: string) => `${ownPaths}callback/${provider}`,
  /** At the main origin, where a browser of another one gets a session for it, and there, where it brings the session. */
  handOver: (provider: string) => handOverPrefix + provider,
  takeOver: (provider: string) => `${ownPaths}take-over/${provider}`,
  /** Where a sign-in ends that began beside a form. */
  signedIn: `${ownPaths}signed-in`,
  signOut: `${ownPaths}sign-out`,
  signedOut: `${ownPaths}signed-out`,
  sessions: `${ownPaths}sessions`,
  /** Pages of the embedded Auth API: for the address, for the code that is sent there, and for a new account. */
  address: `${ownPaths}address`,
  code: `${ownPaths}code`,
  signUp: `${ownPaths}sign-up`,
  /** Of a person who is signed in there: addresses and API keys. */
  account: `${ownPaths}account`,
  /** Sign-in there with a passkey: its options, what the browser returns, and the script that asks it. */
  passkeyOptions: `${ownPaths}passkey-options`,
  passkey: `${ownPaths}passkey`,
  passkeyScript: `${ownPaths}passkeys.js`,
  /** Of a person who is signed in there: their passkeys, and the options for a new one. */
  passkeys: `${ownPaths}account/passkeys`,
  newPasskeyOptions: `${ownPaths}account/passkey-options`,
  /** Sign-in there with a recovery code, and where a person gets new ones. */
  recovery: `${ownPaths}recovery`,
  /** What a one-time link opens. */
  link: `${ownPaths}link`,
  recoveryCodes: `${ownPaths}account/recovery-codes`,
  /** Of an administrator there: the people who can sign in. */
  people: `${ownPaths}people`,
} as const;

/** An address with these parameters, besides those that it has. */
export function withQuery(path: string, parameters: Readonly<Record<string, string>>): string {
  return `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(parameters)}`;
}
