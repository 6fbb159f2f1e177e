/** Which hosts a certificate is for, and until when it is valid. */
import { X509Certificate } from 'node:crypto';

/** Texts of PEM files. */
export interface Certificate {
  /** Names the certificate in log and metrics. */
  readonly file: string;
  /** The certificate, followed by its intermediate ones. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFacts {
  /** DNS names in lower case, wildcards such as `*.example.test` included. */
  readonly names: readonly string[];
  /** IP addresses as in a URL, `192.0.2.1` and `[2001:db8::1]`. */
  readonly addresses: readonly string[];
  readonly validFromMs: number;
  readonly expiresAtMs: number;
}

/** Of the first certificate of the text. */
export function factsOf({ cert }: Pick<Certificate, 'cert'>): CertificateFacts {
  const { subjectAltName = '', validFrom, validTo } = new X509Certificate(cert);
  const all = subjectAltName.split(', ');
  const of = (kind: string) => all.flatMap((name) => (name.startsWith(kind) ? [name.slice(kind.length)] : []));
  return {
    names: of('DNS:').map((name) => name.toLowerCase()),
    addresses: of('IP Address:').map(inUrl),
    validFromMs: Date.parse(validFrom),
    expiresAtMs: Date.parse(validTo),
  };
}

function inUrl(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]`).hostname : address;
}

/** A host, and the wildcard that covers it (RFC 6125 section 6.4.3: one label). */
export function namesFor(host: string): readonly string[] {
  const name = host.toLowerCase().replace(/\.$/, '');
  const dot = name.indexOf('.');
  return dot > 0 ? [name, `*${name.slice(dot)}`] : [name];
}
