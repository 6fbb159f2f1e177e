/**
 * WebAuthn by `@simplewebauthn/server`, which is loaded on first use: options for browsers, and checks of what authenticators return. Origin
 * and RP id are exact, and the user must have been verified.
 */
import type { PasskeySettings } from '../../config/passkey-settings.ts';
import type { SignInPasskey } from '../store/passkey-store.ts';
import { challengeLifetimeMs } from './challenge.ts';
import type { CreatedCredential, SignedCredential } from './public-key-credential.ts';

type Options = Readonly<Record<string, unknown>>;

const load = () => import('@simplewebauthn/server');
const loadHelpers = () => import('@simplewebauthn/server/helpers');

/** EdDSA, ES256 and RS256 (IANA COSE algorithms): every authenticator in use has one of them. */
const algorithms = [-8, -7, -257];

const verification = { residentKey: 'required', requireResidentKey: true, userVerification: 'required' } as const;

export interface NewCredential {
  readonly credentialId: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly synced: boolean;
}

/** `PublicKeyCredentialCreationOptionsJSON`. */
export async function creationOptions(
  { rpId, name }: PasskeySettings,
  user: { readonly userId: string; readonly alias: string; readonly fullName: string },
  challenge: Uint8Array<ArrayBuffer>,
  credentialIds: readonly string[],
): Promise<Options> {
  const { generateRegistrationOptions } = await load();
  const options = await generateRegistrationOptions({
    rpName: name,
    rpID: rpId,
    userID: new Uint8Array(userHandle(user.userId)),
    userName: user.alias,
    userDisplayName: user.fullName,
    challenge,
    timeout: challengeLifetimeMs,
    attestationType: 'none',
    excludeCredentials: credentialIds.map((id) => ({ id })),
    authenticatorSelection: { ...verification },
    supportedAlgorithmIDs: algorithms,
  });
  return { ...options };
}

/** `PublicKeyCredentialRequestOptionsJSON`, for whichever passkey of this RP the user chooses. */
export async function requestOptions({ rpId }: PasskeySettings, challenge: Uint8Array<ArrayBuffer>): Promise<Options> {
  const { generateAuthenticationOptions } = await load();
  const options = await generateAuthenticationOptions({
    rpID: rpId,
    challenge,
    timeout: challengeLifetimeMs,
    userVerification: 'required',
  });
  return { ...options };
}

/** Null: not valid. `challenge`: was checked. */
export async function verifyCreated(
  { rpId, origin }: PasskeySettings,
  created: CreatedCredential,
  challenge: string,
): Promise<NewCredential | null> {
  const { verifyRegistrationResponse } = await load();
  const { decodeAttestationObject } = await loadHelpers();
  return orNull(async () => {
    const attestation = decodeAttestationObject(new Uint8Array(fromBase64url(created.response.attestationObject)));
    // None was requested. The library would download revocation lists from wherever a certificate of an attestation says.
    const chain: unknown = attestation.get('attStmt').get('x5c');
    if (!['none', 'packed'].includes(attestation.get('fmt')) || chain !== undefined) return null;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { ...created, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) return null;
    const { credential, credentialDeviceType } = registrationInfo;
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      synced: credentialDeviceType === 'multiDevice',
    };
  });
}

/** The counter of a valid signature of the passkey, which is not compared here; null: not valid. `challenge`: was checked. */
export async function verifySigned(
  { rpId, origin }: PasskeySettings,
  signed: SignedCredential,
  passkey: SignInPasskey,
  challenge: string,
): Promise<number | null> {
  // Section 7.2 step 6: the user that the authenticator names is the owner.
  if (!userHandle(passkey.userId).equals(fromBase64url(signed.response.userHandle))) return null;
  const { verifyAuthenticationResponse } = await load();
  return orNull(async () => {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { ...signed, clientExtensionResults: {} },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      requireUserVerification: true,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(fromBase64url(passkey.publicKey)),
        counter: 0,
      },
    });
    return verified ? authenticationInfo.newCounter : null;
  });
}

/** Opaque, and without personal data (section 14.6.1): the bytes of the user's UUID. */
function userHandle(userId: string): Buffer {
  return Buffer.from(userId.replaceAll('-', ''), 'hex');
}

function fromBase64url(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

/** The library throws for every reason that makes a response invalid. It calls nothing that could fail otherwise. */
async function orNull<Result>(verify: () => Promise<Result | null>): Promise<Result | null> {
  try {
    return await verify();
  } catch {
    return null;
  }
}
