/**
 * A source of identities in client certificates. Nothing is called: the handshake has verified the certificate, or refused it. Whatever it
 * lacks is the fault of its holder, so it is a rejection.
 */
import type { CertificateSourceConfig } from '../../../config/source-config.ts';
import type { Identity, Rejection } from '../../../core/identity/identity.ts';
import { readIdentity } from '../../../core/identity/read-fields.ts';
import type { CertificateCredential } from '../../../core/request/peer-certificate.ts';
import { rejected } from '../remote/judgment.ts';
import type { SourceEvents } from '../remote/remote-source.ts';
import type { Source } from '../source.ts';
import { type CertificateFacts, factsOfCertificate } from './certificate-facts.ts';

export interface CertificateSourceOptions {
  readonly name: string;
  readonly config: CertificateSourceConfig;
  readonly events: SourceEvents;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export function createCertificateSource({ name, config, events, now }: CertificateSourceOptions): Source {
  const { users, fields } = config;

  function judge({ der, kind }: CertificateCredential, nowMs: number): Identity | Rejection {
    let facts: CertificateFacts;
    try {
      facts = factsOfCertificate(Buffer.from(der, 'base64'));
    } catch {
      return 'malformed';
    }
    if (Number(facts['notBefore']) * 1000 > nowMs) return 'not_yet_valid';
    const read = { source: name, users, settings: `sources.${name}`, fields, kind, fractions: true, events };
    const result = readIdentity(facts, read);
    if ('failure' in result) return 'claim';
    return result.identity.expireAtMs <= nowMs ? 'expired' : result.identity;
  }

  return {
    name,
    kind: 'certificate',
    unaware: config.whileDisconnected === 'refuse',
    async check(credential) {
      if (credential.kind !== 'certificate') throw new TypeError('no certificate');
      const startedAtMs = performance.now();
      const askedAtMs = now();
      const judged = judge(credential, askedAtMs);
      const result = typeof judged === 'string' ? rejected(judged) : { identity: judged };
      const outcome = typeof judged === 'string' ? 'credential_rejected' : 'accepted';
      events.sourceCall(name, credential.kind, outcome, null, (performance.now() - startedAtMs) / 1000);
      return { ...result, failure: null, askedAtMs, keepableMs: Number.POSITIVE_INFINITY, outage: false };
    },
    status: async () => ({ reachable: true, failures: [] }),
    close: async () => {},
  };
}
