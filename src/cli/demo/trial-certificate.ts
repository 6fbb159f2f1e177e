/**
 * A certificate for trials, by `@peculiar/x509`: one for this machine's names, from an authority that exists for this one certificate.
 * The authority's key is dropped, so whoever trusts it trusts nothing else.
 */
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** Texts in PEM form. */
export interface TrialCertificate {
  /** The certificate of the authority, for clients. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** A demo runs for hours; the clock of a client in a virtual machine may be behind. */
const lifeMs = 7 * 86_400_000;
const earlierMs = 3_600_000;

export async function createTrialCertificate(
  hosts: readonly string[],
  addresses: readonly string[],
): Promise<TrialCertificate> {
  const [authority, own] = [await createKeys(), await createKeys()];
  const now = Date.now();
  const terms = {
    notBefore: new Date(now - earlierMs),
    notAfter: new Date(now + lifeMs),
    signingAlgorithm: algorithm,
  };
  // Two demos with one name would be one authority for a browser.
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...terms,
    serialNumber: serialNumber(),
    name: `CN=Rolegate demo ${randomBytes(4).toString('hex')}`,
    keys: authority,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const cert = await X509CertificateGenerator.create({
    ...terms,
    serialNumber: serialNumber(),
    subject: `CN=${hosts[0] ?? addresses[0]}`,
    issuer: ca.subject,
    publicKey: own.publicKey,
    signingKey: authority.privateKey,
    extensions: [
      new SubjectAlternativeNameExtension([
        ...hosts.map((value) => ({ type: 'dns' as const, value })),
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
      ]),
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      await AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return { ca: `${ca.toString('pem')}\n`, cert: `${cert.toString('pem')}\n`, key: pemOf(own.privateKey) };
}

async function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

/** Positive, and not longer than 20 bytes (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

function pemOf(key: webcrypto.CryptoKey): string {
  return String(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }));
}
