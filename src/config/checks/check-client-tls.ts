/** Reads the PEM files for TLS towards Redis or a source, and refuses those that could not be used. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { ClientTlsConfig } from '../config.ts';
import type { Location } from './location.ts';

interface TlsKeys {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

/** For the first file: loading it takes longer than reading most configurations, and few have certificates. */
const crypto = () => process.getBuiltinModule('node:crypto');

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The authorities that Node and the system trust. */
export const everyAuthority: ClientTlsConfig = { ca: null, cert: null, key: null, serverName: null };

/** Null: without TLS, or a problem was reported. */
export function checkClientTls(tls: TlsKeys | boolean | undefined, at: Location): ClientTlsConfig | null {
  if (tls === undefined || tls === false) return null;
  if (tls === true) return everyAuthority;
  const ca = readPem(tls.ca, at.at('ca'));
  const cert = readPem(tls.cert, at.at('cert'));
  const key = readPem(tls.key, at.at('key'));
  if (ca !== null && readCertificates(ca) === null) at.at('ca').report('this file holds no certificates in PEM form');
  const own = cert === null ? null : readCertificates(cert);
  if (cert !== null && own === null) at.at('cert').report('this file holds no certificate in PEM form');
  const privateKey = key === null ? null : readKey(key);
  if (key !== null && privateKey === null) {
    at.at('key').report('this file holds no private key in PEM form, or one with a passphrase');
  }
  if (own !== null && privateKey !== null && own[0]?.checkPrivateKey(privateKey) !== true) {
    at.at('key').report('this key is not the one of "cert"');
  }
  return { ca, cert, key, serverName: tls.serverName ?? null };
}

function readPem(file: string | undefined, at: Location): string | null {
  if (file === undefined) return null;
  try {
    return at.file.readSecret(file);
  } catch {
    at.report('the file cannot be read', 'check the path, and that this user may read it');
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
