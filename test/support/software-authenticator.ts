/** An authenticator in software (WebAuthn Level 3, ES256, no attestation), which can also do what a real one would not. */
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Page {
  readonly origin: string;
  readonly rpId: string;
  /** In base64url. */
  readonly challenge: string;
  readonly userVerified?: boolean;
  readonly counter?: number;
  /** May be copied to other devices. */
  readonly synced?: boolean;
  readonly crossOrigin?: boolean;
}

export interface AuthenticatorKey {
  readonly id: string;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
}

export interface AttestationFormat {
  readonly fmt: string;
  readonly statement: Cbor;
}

/** The credential as `PublicKeyCredential.toJSON` writes it, and the key, which stays in a real authenticator. */
export function createPasskey(page: Page, attestation: AttestationFormat = { fmt: 'none', statement: new Map() }) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const cose = new Map<number, number | Buffer>([
    ...([[1, 2] as const, [3, -7] as const, [-1, 1] as const] as const),
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ]);
  const id = randomBytes(32);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(id.length);
  const attested = Buffer.concat([Buffer.alloc(16), length, id, encodeCbor(cose)]);
  const attestationObject = encodeCbor(
    new Map<string, Cbor>([
      ['fmt', attestation.fmt],
      ['attStmt', attestation.statement],
      ['authData', Buffer.concat([authenticatorData(page, 0x40), attested])],
    ]),
  );
  const text = id.toString('base64url');
  const credential = {
    id: text,
    rawId: text,
    type: 'public-key',
    clientExtensionResults: {},
    authenticatorAttachment: 'platform',
    response: {
      clientDataJSON: clientData('webauthn.create', page).toString('base64url'),
      attestationObject: attestationObject.toString('base64url'),
      transports: ['internal'],
    },
  };
  const key: AuthenticatorKey = {
    id: text,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  return { credential, key };
}

/** `userHandle`: in base64url, from the options with which the passkey was created. */
export function signChallenge(page: Page & AuthenticatorKey & { readonly userHandle: string }) {
  const client = clientData('webauthn.get', page);
  const data = authenticatorData(page, 0);
  const signed = Buffer.concat([data, createHash('sha256').update(client).digest()]);
  return {
    id: page.id,
    rawId: page.id,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: data.toString('base64url'),
      signature: sign('sha256', signed, createPrivateKey(page.privateKey)).toString('base64url'),
      userHandle: page.userHandle,
    },
  };
}

function clientData(type: string, { challenge, origin, crossOrigin = false }: Page): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));
}

/** Section 6.1. */
function authenticatorData({ rpId, userVerified = true, counter = 0, synced = false }: Page, more: number): Buffer {
  const flags = 0x01 | (userVerified ? 0x04 : 0) | (synced ? 0x18 : 0) | more;
  const tail = Buffer.alloc(5);
  tail.writeUInt8(flags);
  tail.writeUInt32BE(counter, 1);
  return Buffer.concat([createHash('sha256').update(rpId).digest(), tail]);
}

export type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

/** RFC 8949, as far as it is needed here. */
function encodeCbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<number | string, Cbor>)];
    return Buffer.concat([head(5, entries.length), ...entries.flat().map(encodeCbor)]);
  }
  const items = value as readonly Cbor[];
  return Buffer.concat([head(4, items.length), ...items.map(encodeCbor)]);
}

function head(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size]);
  if (size < 256) return Buffer.from([(major << 5) | 24, size]);
  return Buffer.from([(major << 5) | 25, size >> 8, size & 0xff]);
}
