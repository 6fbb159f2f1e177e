/**
 * Certificates for tests, generated on the fly: an authority, and certificates that it issues. DER as in RFC 5280, with
 * P-256 keys, so no program is needed.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** Texts in PEM form. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

/** Days from now. */
export type Validity = readonly [from: number, to: number];

export interface Authority extends Certified {
  /** A certificate for servers and clients with these names. */
  issue(names: {
    readonly hosts?: readonly string[];
    readonly addresses?: readonly string[];
    /** Default: yesterday and tomorrow. */
    readonly days?: Validity;
  }): Certified;
}

export function createAuthority(commonName = 'test authority'): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name: commonName, key: privateKey };
  return {
    cert: certificateOf(issuer, commonName, publicKey, [authorityConstraint]),
    key: pemKey(privateKey),
    issue({ hosts = [], addresses = [], days }) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = [
        ...hosts.map((host) => der(0x82, Buffer.from(host))),
        ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
      ];
      const extension = sequence(oid('551d11'), der(0x04, sequence(...names)));
      return {
        cert: certificateOf(issuer, hosts[0] ?? 'test', own.publicKey, [extension], days),
        key: pemKey(own.privateKey),
      };
    },
  };
}

/** Basic constraints: an authority. */
const authorityConstraint = sequence(
  oid('551d13'),
  der(0x01, Buffer.of(0xff)),
  der(0x04, sequence(der(0x01, Buffer.of(0xff)))),
);
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const dayMs = 86_400_000;

function certificateOf(
  issuer: { readonly name: string; readonly key: KeyObject },
  subject: string,
  publicKey: KeyObject,
  extensions: readonly Buffer[],
  [from, to]: Validity = [-1, 1],
): string {
  const body = sequence(
    der(0xa0, integer(Buffer.of(2))),
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ecdsaWithSha256,
    commonNameOf(issuer.name),
    sequence(time(Date.now() + from * dayMs), time(Date.now() + to * dayMs)),
    commonNameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.of(0), sign('sha256', body, issuer.key)]));
  return pem('CERTIFICATE', sequence(body, ecdsaWithSha256, signature));
}

function commonNameOf(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/\.\d+|[-:T]/g, '');
  return der(0x18, Buffer.from(digits));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...head), content]);
}

function pemKey(key: KeyObject): string {
  return String(key.export({ type: 'pkcs8', format: 'pem' }));
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
