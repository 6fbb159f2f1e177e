/**
 * The certificate of a client whose TLS a trusted proxy has ended, in a header that the proxy sets. Only the proxy has verified it, so a
 * value that is not exactly one certificate counts as unverified, never as none.
 */
import { X509Certificate } from 'node:crypto';
import type { CertificateHeader } from '../core/forwarding/forwarding-rules.ts';
import type { PeerCertificate } from '../core/request/peer-certificate.ts';
import { isNamed, trimBlanks } from '../core/syntax/header-fields.ts';

/** `rawHeaders`: of a trusted proxy. `header` null: none is read. */
export function forwardedCertificate(rawHeaders: readonly string[], header: CertificateHeader | null): PeerCertificate {
  if (header === null) return null;
  const values = valuesOf(rawHeaders, header);
  if (values.length > 1) return 'unverified';
  const value = values[0] ?? '';
  if (header === 'ssl-client-cert') {
    const results = valuesOf(rawHeaders, 'ssl-client-verify');
    if (value === '' && results.every((result) => result === '' || result === 'NONE')) return null;
    // nginx also forwards a certificate that it did not verify ("optional_no_ca").
    if (results.length !== 1 || results[0] !== 'SUCCESS') return 'unverified';
  }
  return value === '' || value === '::' ? null : certificateOf(base64Of[header](value));
}

function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.flatMap((_, index) =>
    index % 2 === 1 && isNamed(rawHeaders[index - 1]!, name) ? [trimBlanks(rawHeaders[index]!)] : [],
  );
}

/** Base64 of DER; null: in another form. */
const base64Of: Readonly<Record<CertificateHeader, (value: string) => string | null>> = {
  // RFC 9440 section 2.2: a byte sequence.
  'client-cert': (value) => /^:([^:]+):$/.exec(value)?.[1] ?? null,
  // The variable $ssl_client_escaped_cert of nginx.
  'ssl-client-cert': (value) => ofPem(value),
  // Envoy: one element. Several are of several hops, of which only the last is known to be verified here.
  'x-forwarded-client-cert': (value) => ofPem(/^(?:[^",]|"(?:[^"\\]|\\.)*")+$/.test(value) ? certOf(value) : ''),
  // Traefik: the certificate of the client, and then those of its authorities.
  'x-forwarded-tls-client-cert': (value) => unescaped(value)?.split(',', 1)[0] ?? null,
};

/** The only `Cert` of an element, whose other parts are separated by ";". */
function certOf(element: string): string {
  const pairs = element.match(/(?:[^";]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  const certs = pairs.flatMap((pair) => /^cert="?([^"]*)"?$/i.exec(pair)?.[1] ?? []);
  return certs.length === 1 ? certs[0]! : '';
}

/** Of percent-encoded PEM with one certificate. */
function ofPem(escaped: string): string | null {
  const pem = /^-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----\s*$/.exec(unescaped(escaped) ?? '');
  return pem?.[1]?.replace(/\s/g, '') ?? null;
}

function unescaped(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}

function certificateOf(base64: string | null): PeerCertificate {
  if (base64 === null || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return 'unverified';
  try {
    // Of what was parsed: other bytes around it must not lead to another fingerprint.
    const { raw, fingerprint256 } = new X509Certificate(Buffer.from(base64, 'base64'));
    const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
    return { kind: 'certificate', fingerprint, der: raw.toString('base64') };
  } catch {
    return 'unverified';
  }
}
