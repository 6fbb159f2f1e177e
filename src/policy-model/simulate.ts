/** Builds the request of a test, an explanation or a comparison, as an entrypoint would have parsed it. */
import type { CredentialSources } from '../core/credential/credential.ts';
import type { ClientFacts } from '../core/forwarding/client-facts.ts';
import type { Identity, Resolution } from '../core/identity/identity.ts';
import type { RequestView } from '../core/request/request-view.ts';
import { sampleCertificate, sampleCredential } from './samples/sample-credential.ts';

export interface SimulatedRequest {
  readonly method: string;
  /** With port, as written. */
  readonly host: string;
  readonly secure: boolean;
  /** Path and query as written. */
  readonly target: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Address of the client; null: unknown. */
  readonly client: string | null;
  /** Milliseconds; null or unset: unknown. */
  readonly time?: number | null;
  /** A trusted proxy sends the request; if unset, the client itself does. */
  readonly trusted?: boolean;
}

export interface Simulated {
  readonly view: RequestView;
  /** The Auth API's result for its credential. */
  readonly resolution: Resolution;
  readonly facts: ClientFacts;
}

const rejected: Resolution = {
  identity: null,
  reason: 'credential_rejected',
  retryAfterS: null,
  source: 'auth-api',
};
/** Default client address, from a documentation range (RFC 5737). It is never shown. */
const somewhere = '203.0.113.7';
/** What headers contain instead. */
const unsaid = '(address of the client)';

/**
 * `identity`: sends a credential of its kind, unless the headers already contain one. Null: sends no credential, and one in the
 * headers is rejected.
 */
export function simulate(request: SimulatedRequest, identity: Identity | null, sources: CredentialSources): Simulated {
  const rawHeaders = ['Host', request.host, ...request.headers];
  const carriers = ['authorization', sources.keyPair?.apiKeyHeader, sources.apiKey?.header];
  const hasCredential = rawHeaders.some((text, i) => i % 2 === 0 && carriers.includes(text.toLowerCase()));
  if (identity !== null && !hasCredential) rawHeaders.push(...sampleCredential(identity.kind, sources));
  const clientText = request.client ?? unsaid;
  return {
    view: {
      method: request.method,
      // As clients send it: a character for each byte of its UTF-8.
      target: Buffer.from(request.target, 'utf8').toString('latin1'),
      rawHeaders,
      httpVersion: '1.1',
      client: request.client ?? somewhere,
      address: request.client,
      ...(identity?.kind === 'certificate' ? { certificate: sampleCertificate } : {}),
      ...(request.trusted === true ? { trusted: true } : {}),
      ...(request.time == null ? {} : { now: () => request.time! }),
    },
    resolution: identity === null ? rejected : { identity, reason: null, stale: false, source: 'auth-api' },
    facts: {
      client: clientText,
      forwardedFor: clientText,
      proto: request.secure ? 'https' : 'http',
      forwardedHost: request.host,
      requestId: '(one for each request)',
      trusted: request.trusted === true,
    },
  };
}
