/**
 * Third stage: exactly one credential, or none. Every copy of a header counts (Node's `headers` would keep only the first), and identity
 * never depends on precedence: two credentials are a refusal.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import type { PeerCertificate } from '../request/peer-certificate.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { isNamed } from '../syntax/header-fields.ts';
import { cookieValue } from './bearer-cookie.ts';
import { type Credential, type CredentialKind, type CredentialSources, isAmbient } from './credential.ts';
import { apiKeyOf, bearerOf, keyPairOf, readAuthorization } from './read-credential.ts';
import { isSameOrigin } from './same-origin.ts';
import { sessionOf } from './session-cookie.ts';
import { asksForWebSocket, subprotocolBearer } from './subprotocol-bearer.ts';

/**
 * `taken`: kinds that the route accepts; null: any but sessions and certificates, which are only read where they are accepted: elsewhere
 * they mean nothing, and where they alone are, every other credential belongs to the service. `certificate`: of the connection. Reasons: `credential_repeated`, `credential_conflict` (400); `credential_malformed`,
 * `credential_incomplete`, `credential_scheme_unsupported`, `credential_shape_wrong`, `credential_kind_not_accepted` (401);
 * `credential_rejected` (401, a certificate that is not verified); `cross_site_request` (403); `auth_unavailable` (503, one that cannot be); `credential_too_long` (431, because a 401 would sign out a user with a valid credential).
 */
export function extractCredential(
  request: Pick<CanonicalRequest, 'method' | 'authority'>,
  rawHeaders: readonly string[],
  sources: CredentialSources,
  taken: readonly CredentialKind[] | null,
  certificate: PeerCertificate = null,
): Credential | null | ReasonCode {
  const { session } = sources;
  const own = session !== null && taken?.includes('session') ? sessionOf(request, rawHeaders, session) : null;
  const read = taken?.every(isAmbient) ? null : onlyCredential(request, rawHeaders, sources);
  if (taken !== null && read !== null && typeof read !== 'string' && !taken.includes(read.kind))
    return 'credential_kind_not_accepted';
  const sent = read === null || own === null ? (read ?? own) : 'credential_conflict';
  if (certificate === null || !taken?.includes('certificate')) return sent;
  // Another credential needs no certificate, but a good one beside it would be a second identity.
  if (sent !== null) return typeof certificate === 'string' ? sent : 'credential_conflict';
  if (typeof certificate === 'string')
    return certificate === 'unavailable' ? 'auth_unavailable' : 'credential_rejected';
  return isSameOrigin(request, rawHeaders, true, true) ? certificate : 'cross_site_request';
}

/** To read also a credential of a kind that the route does not accept: `taken` of `extractCredential`. */
export function readableKinds(taken: readonly CredentialKind[] | null): readonly CredentialKind[] | null {
  return taken?.some(isAmbient) ? taken : null;
}

function onlyCredential(
  request: Pick<CanonicalRequest, 'method' | 'authority'>,
  rawHeaders: readonly string[],
  sources: CredentialSources,
): Credential | null | ReasonCode {
  const { bearerCookie, websocketProtocol } = sources;
  // No header has an empty name.
  const { apiKeyHeader, apiSecretHeader } = sources.keyPair ?? { apiKeyHeader: '', apiSecretHeader: '' };
  const singleHeader = sources.apiKey?.header ?? '';
  let authorization: string | null = null;
  let apiKey: string | null = null;
  let apiSecret: string | null = null;
  let single: string | null = null;
  let cookie: string | null = null;
  let protocols: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (isNamed(name, 'authorization')) {
      if (authorization !== null) return 'credential_repeated';
      authorization = rawHeaders[i + 1]!;
    } else if (isNamed(name, apiKeyHeader)) {
      if (apiKey !== null) return 'credential_repeated';
      apiKey = rawHeaders[i + 1]!;
    } else if (isNamed(name, apiSecretHeader)) {
      if (apiSecret !== null) return 'credential_repeated';
      apiSecret = rawHeaders[i + 1]!;
    } else if (isNamed(name, singleHeader)) {
      if (single !== null) return 'credential_repeated';
      single = rawHeaders[i + 1]!;
    } else if (bearerCookie !== null && isNamed(name, 'cookie')) {
      const result = cookieValue(rawHeaders[i + 1]!, bearerCookie);
      if (result === null) continue;
      if (cookie !== null || result === 'repeated') return 'credential_repeated';
      cookie = result.value;
    } else if (websocketProtocol !== null && isNamed(name, 'sec-websocket-protocol')) {
      protocols = protocols === null ? rawHeaders[i + 1]! : `${protocols},${rawHeaders[i + 1]}`;
    }
  }
  const hasPair = apiKey !== null || apiSecret !== null;
  const carriers = Number(authorization !== null) + Number(hasPair) + Number(single !== null) + Number(cookie !== null);
  if (protocols !== null && asksForWebSocket(rawHeaders)) {
    const offered = subprotocolBearer(protocols, websocketProtocol!);
    if (offered === 'repeated') return 'credential_repeated';
    if (offered !== null) {
      if (carriers > 0) return 'credential_conflict';
      return offered === 'missing' ? 'credential_malformed' : bearerOf(offered.token, sources);
    }
  }
  if (carriers > 1) return 'credential_conflict';
  if (authorization !== null) return readAuthorization(authorization, sources);
  if (hasPair) return keyPairOf(apiKey, apiSecret, sources);
  if (single !== null) return apiKeyOf(single, sources);
  if (cookie === null) return null;
  return isSameOrigin(request, rawHeaders) ? bearerOf(cookie, sources) : 'cross_site_request';
}
