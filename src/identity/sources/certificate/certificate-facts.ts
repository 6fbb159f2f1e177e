/** What a certificate says about its holder, as JSON for the fields of an identity. Its authority vouches for it. */
import { X509Certificate } from 'node:crypto';

export type CertificateFacts = Readonly<Record<string, string | number | readonly string[]>>;

/** Throws if it is no certificate. */
export function factsOfCertificate(der: Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(der);
  const { subject } = certificate.toLegacyObject() as { readonly subject?: Readonly<Record<string, unknown>> };
  const names = alternativeNames(certificate.subjectAltName ?? '');
  const of = (kind: string) => names.flatMap(([one, value]) => (one === kind ? [value] : []));
  const [uris, dnsNames, emails] = [of('URI'), of('DNS').map((name) => name.toLowerCase()), of('email')];
  const spiffe = uris.length === 1 && !certificate.ca && spiffeId.test(uris[0]!) ? uris : [];
  return {
    ...only({ commonName: textsOf(subject?.['CN']), spiffe, dns: dnsNames, email: emails }),
    ...(certificate.subject === undefined ? {} : { subject: distinguishedName(certificate.subject) }),
    issuer: distinguishedName(certificate.issuer),
    serialNumber: certificate.serialNumber,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    organization: textsOf(subject?.['O']),
    organizationalUnit: textsOf(subject?.['OU']),
    uris,
    dnsNames,
    emails,
    notBefore: Date.parse(certificate.validFrom) / 1000,
    notAfter: Date.parse(certificate.validTo) / 1000,
  };
}

/** SPIFFE ID, sections 2.1 to 2.3: a trust domain, and a path without empty and dot segments. */
const spiffeId = /^spiffe:\/\/[a-z0-9._-]{1,255}(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+$/;

/** Those with exactly one value. */
function only(all: Readonly<Record<string, readonly string[]>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, values]) => (values.length === 1 ? [[name, values[0]!] as const] : [])),
  );
}

function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
}

/** Node writes a name that contains a comma or a quote as a text of JSON, so that none can contain another one. */
const alternativeName = /(?:^|, )([^:,"]+):("(?:[^"\\]|\\.)*"|[^,"]*)/gy;

/** Empty if anything of it has another form. */
function alternativeNames(text: string): readonly (readonly [kind: string, value: string])[] {
  const names: [string, string][] = [];
  let end = 0;
  for (const match of text.matchAll(alternativeName)) {
    const [all, kind = '', value = ''] = match;
    names.push([kind, value.startsWith('"') ? String(JSON.parse(value)) : value]);
    end = match.index + all.length;
  }
  return end === text.length ? names : [];
}

/** RFC 4514: the last part first. Node has one in each line, escapes as RFC 2253, and joins parts of several values by " + ". */
function distinguishedName(lines: string): string {
  const parts = lines.split('\n').map((line) => line.split(' + ').map(visible).join('+'));
  return parts.reverse().join(',');
}

/** Blanks, and what is not ASCII, as the hexadecimal digits of its UTF-8. */
function visible(text: string): string {
  return text.replace(/\\[\x21-\x7e]|\\? |[^\x21-\x7e]/gu, (part) => {
    if (/^\\[^ ]/.test(part)) return part;
    const bytes = Buffer.from(part.at(-1) === ' ' ? ' ' : part, 'utf8')
      .toString('hex')
      .toUpperCase();
    return bytes.replace(/../g, '\\$&');
  });
}
