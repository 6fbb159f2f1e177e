/**
 * Third stage: exactly one credential, or none. Every copy of a header counts (Node's `headers` would keep the first
 * only), and identity never depends on precedence: two credentials are a refusal.
 */
import type { ReasonCode } from '../outcome/reasons.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { trimBlanks } from '../syntax/header-fields.ts';
import type { Credential, CredentialSources } from './credential.ts';
import { isSameOrigin } from './same-origin.ts';
import { asksForWebSocket, subprotocolBearer } from './subprotocol-bearer.ts';

/** RFC 6750 section 2.1 b64token. */
const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;
/** Keys and secrets: visible ASCII. No Unicode blank can be trimmed away or compared equal. */
const visible = /^[\x21-\x7e]+$/;

/**
 * Reasons: `credential_repeated`, `credential_conflict` (400); `credential_malformed`, `credential_incomplete`,
 * `credential_scheme_unsupported` (401); `cross_site_request` (403); `credential_too_long` (431, as a 401 would sign a
 * user out who has a good credential).
 */
export function extractCredential(
  request: Pick<CanonicalRequest, 'method' | 'authority'>,
  rawHeaders: readonly string[],
  sources: CredentialSources,
): Credential | null | ReasonCode {
  const { bearerCookie, websocketProtocol, maxLength } = sources;
  // No header has an empty name.
  const { apiKeyHeader, apiSecretHeader } = sources.keyPair ?? { apiKeyHeader: '', apiSecretHeader: '' };
  let authorization: string | null = null;
  let apiKey: string | null = null;
  let apiSecret: string | null = null;
  let cookie: string | null = null;
  let protocols: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const length = rawHeaders[i]!.length;
    // By length first: most headers are skipped without a new string.
    if (length === 13 && rawHeaders[i]!.toLowerCase() === 'authorization') {
      if (authorization !== null) return 'credential_repeated';
      authorization = rawHeaders[i + 1]!;
      continue;
    }
    if (length === apiKeyHeader.length && rawHeaders[i]!.toLowerCase() === apiKeyHeader) {
      if (apiKey !== null) return 'credential_repeated';
      apiKey = rawHeaders[i + 1]!;
    } else if (length === apiSecretHeader.length && rawHeaders[i]!.toLowerCase() === apiSecretHeader) {
      if (apiSecret !== null) return 'credential_repeated';
      apiSecret = rawHeaders[i + 1]!;
    } else if (bearerCookie !== null && length === 6 && rawHeaders[i]!.toLowerCase() === 'cookie') {
      const found = cookieValue(rawHeaders[i + 1]!, bearerCookie);
      if (found === null) continue;
      if (cookie !== null || found === 'repeated') return 'credential_repeated';
      cookie = found.value;
    } else if (
      websocketProtocol !== null &&
      length === 22 &&
      rawHeaders[i]!.toLowerCase() === 'sec-websocket-protocol'
    ) {
      protocols = protocols === null ? rawHeaders[i + 1]! : `${protocols},${rawHeaders[i + 1]}`;
    }
  }
  if (protocols !== null && asksForWebSocket(rawHeaders)) {
    const offered = subprotocolBearer(protocols, websocketProtocol!);
    if (offered === 'repeated') return 'credential_repeated';
    if (offered !== null) {
      if (authorization !== null || apiKey !== null || apiSecret !== null || cookie !== null) {
        return 'credential_conflict';
      }
      return offered === 'missing' ? 'credential_malformed' : bearerOf(offered.token, maxLength);
    }
  }
  if (authorization !== null) {
    return apiKey !== null || apiSecret !== null || cookie !== null
      ? 'credential_conflict'
      : parseBearer(authorization, maxLength);
  }
  if (apiKey !== null || apiSecret !== null) {
    return cookie !== null ? 'credential_conflict' : parseKeyPair(apiKey, apiSecret, maxLength);
  }
  if (cookie === null) return null;
  if (!isSameOrigin(request, rawHeaders)) return 'cross_site_request';
  return bearerOf(cookie, maxLength);
}

function bearerOf(token: string, maxLength: number): Credential | ReasonCode {
  if (token.length > maxLength) return 'credential_too_long';
  return bearerToken.test(token) ? { kind: 'bearer', token } : 'credential_malformed';
}

/** `Bearer 1*SP b64token`, scheme without case (RFC 9110 section 11.1). */
function parseBearer(value: string, maxLength: number): Credential | ReasonCode {
  const space = value.indexOf(' ');
  const scheme = space < 0 ? value : value.slice(0, space);
  if (scheme.length !== 6 || scheme.toLowerCase() !== 'bearer') {
    return scheme === '' ? 'credential_malformed' : 'credential_scheme_unsupported';
  }
  let start = space;
  if (space < 0) return 'credential_malformed';
  while (value.charCodeAt(start) === 0x20) start += 1;
  return bearerOf(value.slice(start), maxLength);
}

function parseKeyPair(apiKey: string | null, apiSecret: string | null, maxLength: number): Credential | ReasonCode {
  if (apiKey === null || apiSecret === null) return 'credential_incomplete';
  if (apiKey.length > maxLength || apiSecret.length > maxLength) return 'credential_too_long';
  return visible.test(apiKey) && visible.test(apiSecret)
    ? { kind: 'key_pair', apiKey, apiSecret }
    : 'credential_malformed';
}

/** The one cookie of that name (RFC 6265 section 5.4); which of two copies counts is not defined. */
function cookieValue(header: string, name: string): { value: string } | 'repeated' | null {
  let found: { value: string } | null = null;
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals < 0 || trimBlanks(part.slice(0, equals)) !== name) continue;
    if (found !== null) return 'repeated';
    found = { value: trimBlanks(part.slice(equals + 1)) };
  }
  return found;
}
