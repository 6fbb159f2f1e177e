/** Headers with a sample credential of a given kind, as the configuration expects it. For simulated requests. */
import type { CredentialKind, CredentialSources } from '../../core/credential/credential.ts';
import type { Shape } from '../../core/credential/shape.ts';
import type { CertificateCredential } from '../../core/request/peer-certificate.ts';

/** In the place of a certificate, which belongs to the connection. */
export const sampleCertificate: CertificateCredential = { kind: 'certificate', fingerprint: 'simulated', der: '' };

/** Names and values in turn; empty: the kind is disabled, or no header carries it. */
export function sampleCredential(kind: CredentialKind, sources: CredentialSources): readonly string[] {
  const { bearer, keyPair, apiKey, session } = sources;
  switch (kind) {
    case 'bearer':
      return bearer === null ? [] : ['Authorization', `Bearer ${sampleBearer(bearer.shapes, apiKey?.prefix ?? null)}`];
    case 'keyPair':
      if (keyPair === null) return [];
      return [
        keyPair.apiKeyHeader,
        sampleText(keyPair.shapes),
        keyPair.apiSecretHeader,
        sampleText(keyPair.secretShapes),
      ];
    case 'apiKey': {
      if (apiKey === null || apiKey.separator !== null) return [];
      const { header, prefix, shapes } = apiKey;
      if (header !== null) return [header, sampleText(shapes)];
      const text = sampleText(shapes);
      return ['Authorization', `Bearer ${text.startsWith(prefix ?? '') ? text : `${prefix}${text}`}`];
    }
    case 'certificate':
      return [];
    case 'session':
      // From a page of the same origin: otherwise it could not change anything.
      return session === null ? [] : ['Cookie', `${session.cookie}=${'A'.repeat(43)}`, 'Sec-Fetch-Site', 'same-origin'];
  }
}

/** Fits the first shape, and avoids the prefix of an API key if possible. */
function sampleBearer(shapes: readonly Shape[], keyPrefix: string | null): string {
  const text = sampleText(shapes);
  return shapes.length === 0 && keyPrefix !== null && text.startsWith(keyPrefix) ? `${text.at(-1)}${text}` : text;
}

function sampleText([shape]: readonly Shape[]): string {
  if (shape === undefined) return 'simulated';
  const { prefix, minLength, alphabet } = shape;
  const start = alphabet === 'jwt' ? `${prefix}a.a.a` : prefix;
  const wanted = Math.max(minLength, prefix.length + 1);
  return start.padEnd(wanted, alphabet === 'base32' ? 'A' : 'a');
}
