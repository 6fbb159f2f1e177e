/** Reads the PEM files for TLS, of connections to Redis or a source and of our own ports, and refuses unusable ones. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateConfig, ClientTlsConfig, ListenerConfig, PortTlsConfig } from '../config.ts';
import { plainListener } from '../listener-config.ts';
import type { ConfigFile } from '../schema.ts';
import type { Location } from './location.ts';

interface TlsKeys {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly serverName?: string | undefined;
}

interface StrictTransportSecurity {
  readonly maxAge: number;
  readonly includeSubDomains: boolean;
  readonly preload: boolean;
}

type PortTlsKeys = NonNullable<ConfigFile['server']['adminTls']>;

/** For the first file: loading it takes longer than reading most configurations, and few have certificates. */
const crypto = () => process.getBuiltinModule('node:crypto');

const certificates = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

const revocationLists = /-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----/g;

/** The authorities that Node and the system trust. */
export const everyAuthority: ClientTlsConfig = { ca: null, cert: null, key: null, serverName: null };

/** Null: without TLS, or a problem was reported. */
export function checkClientTls(
  tls: TlsKeys | boolean | undefined,
  at: Location,
  watched = false,
): ClientTlsConfig | null {
  if (tls === undefined || tls === false) return null;
  if (tls === true) return everyAuthority;
  const ca = readAuthorities(tls.ca, at.at('ca'), watched);
  return { ca, ...readPair(tls, at, watched), serverName: tls.serverName ?? null };
}

/** By name; only those with "tls". */
export function checkUpstreamTls(
  upstreams: ConfigFile['upstreams'],
  at: Location,
): ReadonlyMap<string, ClientTlsConfig> {
  const read = new Map<string, ClientTlsConfig>();
  for (const [name, { tls, targets }] of Object.entries(upstreams)) {
    const there = at.at(name, 'tls');
    const config = checkClientTls(tls, there, true);
    if (config !== null) read.set(name, config);
    if (config !== null && !targets.some((target) => target.startsWith('https:')))
      there.reportKey('no target uses TLS', 'write https in "targets"');
  }
  return read;
}

/** Null: without TLS. */
export function checkPortTls(tls: PortTlsKeys | undefined, at: Location): PortTlsConfig | null {
  if (tls === undefined) return null;
  const { clientCertificates, ...same } = tls;
  return {
    ...same,
    certificates: readCertificatePairs(tls.certificates, at.at('certificates')),
    clientMode: clientCertificates?.mode ?? 'required',
    clientCa: readAuthorities(clientCertificates?.ca, at.at('clientCertificates', 'ca'), true),
    clientCrlFile: clientCertificates?.crl ?? null,
    clientCrls: readRevocationLists(clientCertificates?.crl, at.at('clientCertificates', 'crl')),
  };
}

/** The short form of `listen` is one address without TLS. */
export function checkListeners({ listen }: ConfigFile['server'], at: Location): readonly ListenerConfig[] {
  if (listen === null) return [];
  if (!Array.isArray(listen)) return [plainListener(listen)];
  return listen.map(({ address, tls, http2, proxyProtocol, strictTransportSecurity, redirectToHttps }, index) => ({
    address,
    http2,
    proxyProtocol,
    tls: checkPortTls(tls, at.at(index, 'tls')),
    strictTransportSecurity: strictTransportSecurity === undefined ? null : hstsValue(strictTransportSecurity),
    redirectToHttps,
  }));
}

/** RFC 6797 section 6.1. */
function hstsValue({ maxAge, includeSubDomains, preload }: StrictTransportSecurity): string {
  const subDomains = includeSubDomains ? '; includeSubDomains' : '';
  return `max-age=${Math.floor(maxAge / 1000)}${subDomains}${preload ? '; preload' : ''}`;
}

function readCertificatePairs(
  pairs: readonly { readonly cert: string; readonly key: string }[],
  at: Location,
): readonly CertificateConfig[] {
  return pairs.flatMap((pair, index) => {
    const { cert, key } = readPair(pair, at.at(index), true);
    return cert === null || key === null ? [] : [{ file: pair.cert, cert, key }];
  });
}

function readAuthorities(file: string | undefined, at: Location, watched = false): string | null {
  const ca = readPem(file, at, watched);
  if (ca !== null && readCertificates(ca) === null) at.report('this file contains no certificates in PEM form');
  return ca;
}

/** Node reads one list of each text. */
function readRevocationLists(file: string | undefined, at: Location): readonly string[] | null {
  const pem = readPem(file, at, true);
  if (pem === null) return null;
  const lists = pem.match(revocationLists) ?? [];
  if (lists.length === 0 || !lists.every(isRevocationList))
    at.report('this file contains no revocation lists in PEM form');
  return lists;
}

function isRevocationList(pem: string): boolean {
  try {
    process.getBuiltinModule('node:tls').createSecureContext({ crl: pem });
    return true;
  } catch {
    return false;
  }
}

function readPair(
  tls: Pick<TlsKeys, 'cert' | 'key'>,
  at: Location,
  watched = false,
): Pick<ClientTlsConfig, 'cert' | 'key'> {
  const cert = readPem(tls.cert, at.at('cert'), watched);
  const key = readPem(tls.key, at.at('key'), watched);
  const own = cert === null ? null : readCertificates(cert);
  if (cert !== null && own === null) at.at('cert').report('this file contains no certificate in PEM form');
  const privateKey = key === null ? null : readKey(key);
  if (key !== null && privateKey === null) {
    at.at('key').report('this file contains no private key in PEM form, or it has a passphrase');
  }
  if (own !== null && privateKey !== null && own[0]?.checkPrivateKey(privateKey) !== true) {
    at.at('key').report('this is not the key of "cert"');
  }
  return { cert, key };
}

/** `watched`: its renewal reloads the configuration. */
function readPem(file: string | undefined, at: Location, watched: boolean): string | null {
  if (file === undefined) return null;
  try {
    return at.file.readSecret(file, watched);
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
