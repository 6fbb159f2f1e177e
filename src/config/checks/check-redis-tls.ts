/** Reads the PEM files for TLS towards Redis, and refuses those that could not be used. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { RedisTlsConfig } from '../config.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';

interface TlsKeys {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** For the first file: loading it takes longer than reading most configurations, and few have certificates. */
const crypto = () => process.getBuiltinModule('node:crypto');

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Null: without TLS, or a problem was reported. */
export function checkRedisTls(tls: TlsKeys | boolean | undefined, path: Path, check: Check): RedisTlsConfig | null {
  if (tls === undefined || tls === false) return null;
  if (tls === true) return { ca: null, cert: null, key: null, serverName: null };
  const ca = readPem(tls.ca, [...path, 'ca'], check);
  if (ca !== null && readCertificates(ca) === null) {
    check.at([...path, 'ca'], 'this file holds no certificates in PEM form');
  }
  const cert = readPem(tls.cert, [...path, 'cert'], check);
  const key = readPem(tls.key, [...path, 'key'], check);
  checkOwn(cert, key, path, check);
  return { ca, cert, key, serverName: tls.serverName ?? null };
}

function checkOwn(cert: string | null, key: string | null, path: Path, check: Check): void {
  const [has, lacks] = check.has([...path, 'cert']) ? (['cert', 'key'] as const) : (['key', 'cert'] as const);
  if (check.has([...path, has]) && !check.has([...path, lacks])) {
    check.atKey([...path, has], `"${has}" is of no use without "${lacks}"`, `add "${lacks}"`);
  }
  const own = cert === null ? null : readCertificates(cert);
  if (cert !== null && own === null) check.at([...path, 'cert'], 'this file holds no certificate in PEM form');
  const privateKey = key === null ? null : readKey(key);
  if (key !== null && privateKey === null) {
    check.at([...path, 'key'], 'this file holds no private key in PEM form, or one with a passphrase');
  }
  if (own === null || privateKey === null || own[0]?.checkPrivateKey(privateKey) === true) return;
  check.at([...path, 'key'], 'this key is not the one of "cert"');
}

function readPem(file: string | undefined, path: Path, check: Check): string | null {
  if (file === undefined) return null;
  try {
    return check.readSecret(file);
  } catch {
    check.at(path, 'the file cannot be read', 'check the path, and that this user may read it');
    return null;
  }
}

function readCertificates(pem: string): X509Certificate[] | null {
  const blocks = pem.match(certificates);
  try {
    return blocks?.map((block) => new (crypto().X509Certificate)(block)) ?? null;
  } catch {
    return null;
  }
}

function readKey(pem: string): KeyObject | null {
  try {
    return crypto().createPrivateKey(pem);
  } catch {
    return null;
  }
}
