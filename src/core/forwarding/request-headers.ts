/**
 * Headers of the request to the upstream: the client's without everything that belongs to its connection, that could
 * pass for ours, or that could change what was authorized; then ours. The order is the defense: what the client lists
 * in `Connection` is removed from the client's headers before ours exist (the class of CVE-2026-29054).
 */
import { withoutSubprotocolBearer } from '../credential/subprotocol-bearer.ts';
import { type Claims, type ClaimType, claimText } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { canonicalName, connectionList, trimBlanks } from '../syntax/header-fields.ts';
import type { ClientFacts } from './client-facts.ts';
import { appendForwarded, type ForwardedSource } from './forwarded-header.ts';
import type { ResponseTreatment } from './response-headers.ts';
import type { PathRewrite } from './rewrite-path.ts';

/** What of a decision the headers depend on. */
export interface AllowedRequest {
  readonly request: Pick<CanonicalRequest, 'authority'>;
  readonly route: { readonly forwardCredentials: boolean; readonly rewrite: PathRewrite | null };
  readonly identity: Identity | null;
  readonly stale: boolean;
}

/** Fields of an identity that a header may carry. */
export const identityFields = [
  'userId',
  'groups',
  'roles',
  'sessionId',
  'keyId',
  'alias',
  'fullName',
  'kind',
] as const satisfies readonly (keyof Identity)[];
export type IdentityField = (typeof identityFields)[number];

export interface IdentityHeader {
  /** Lower case, with "-" and never "_". */
  readonly name: string;
  readonly field: IdentityField | HeaderClaim;
}

/** A claim that the configuration declares. */
export interface HeaderClaim {
  readonly claim: string;
  readonly type: ClaimType;
}

/** What happens to a header of the client. */
export type RequestTreatment = 'pass' | 'remove' | 'proxy' | 'credential' | 'cookie' | 'subprotocol' | 'via' | 'kept';

/** What happens to headers on their way (`compile-forwarding.ts`). */
export interface ForwardingRules {
  readonly identityHeaders: readonly IdentityHeader[];
  /** Carries the signed identity; null: none is sent. */
  readonly assertionHeader: string | null;
  /** By canonical name; others pass. */
  readonly requestTreatments: ReadonlyMap<string, RequestTreatment>;
  /** Names that begin so are treated as `proxy`. */
  readonly proxyPrefixes: readonly string[];
  readonly bearerCookie: string | null;
  readonly websocketProtocol: string | null;
  /** Of responses, by canonical name; others pass. */
  readonly responseTreatments: ReadonlyMap<string, ResponseTreatment>;
  /** Our element of `Via` (RFC 9110 section 7.6.3); null: none is added. */
  readonly via: string | null;
  /** What trusted proxies write, and what services get besides `X-Forwarded-*`. */
  readonly forwardedHeaders: ForwardedSource;
  /** Clients get the id of their request, in place of one that the service sends. */
  readonly returnsRequestId: boolean;
}

/**
 * Appends names and values in turn to `out`, `host` first. Framing is the caller's: `content-length` is kept as
 * received (the parser has checked it), `transfer-encoding` is not.
 */
export function appendRequestHeaders(
  out: string[],
  rules: ForwardingRules,
  allowed: AllowedRequest,
  rawHeaders: readonly string[],
  facts: ClientFacts,
): void {
  const { request, route, identity, stale } = allowed;
  // An HTTP/1.0 client may send none; the connection to the upstream then names the target itself.
  if (request.authority !== '') out.push('host', request.authority);
  const listed = connectionList(rawHeaders);
  let via = '';
  let protocols = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    let value = rawHeaders[i + 1]!;
    const treatment = treatmentOf(rules, name);
    switch (treatment) {
      case 'remove':
        continue;
      case 'proxy':
        if (!facts.trusted) continue;
        break;
      case 'via':
        via += `${value}, `;
        continue;
      case 'credential':
        if (!route.forwardCredentials) continue;
        break;
      case 'cookie':
        if (route.forwardCredentials || rules.bearerCookie === null) break;
        value = withoutCookie(value, rules.bearerCookie);
        if (value === '') continue;
        break;
    }
    // No list removes what frames the body, nor what warns of a replay (RFC 8470 section 5.1).
    if (listed !== null && treatment !== 'kept' && listed.has(canonicalName(name))) continue;
    if (treatment === 'subprotocol') protocols += `${value},`;
    else out.push(name, value);
  }
  if (protocols !== '') appendProtocols(out, protocols, rules.websocketProtocol!);
  out.push('x-forwarded-for', facts.forwardedFor);
  out.push('x-forwarded-proto', facts.proto);
  out.push('x-forwarded-host', facts.forwardedHost);
  out.push('x-real-ip', facts.client);
  if (route.rewrite !== null && route.rewrite.stripPrefix !== '')
    out.push('x-forwarded-prefix', route.rewrite.stripPrefix);
  if (rules.forwardedHeaders === 'forwarded')
    appendForwarded(out, facts.forwardedFor, facts.proto, facts.forwardedHost);
  if (rules.via !== null) out.push('via', via + rules.via);
  else if (via !== '') out.push('via', via.slice(0, -2));
  out.push('x-request-id', facts.requestId);
  if (stale) out.push('x-rolegate-stale', '1');
  if (identity !== null) appendIdentityHeaders(out, rules.identityHeaders, identity);
}

function treatmentOf({ requestTreatments, proxyPrefixes }: ForwardingRules, name: string): RequestTreatment {
  const canonical = canonicalName(name);
  const treatment = requestTreatments.get(canonical);
  if (treatment === undefined) {
    if (canonical.startsWith('x-forwarded-')) return 'remove';
    return proxyPrefixes.some((prefix) => canonical.startsWith(prefix)) ? 'proxy' : 'pass';
  }
  // Another spelling of `via`, `cookie` or `content-length` means nothing here, but it may frame a body for a service.
  const anySpelling = treatment === 'credential' || treatment === 'proxy';
  return anySpelling || canonical === name.toLowerCase() ? treatment : 'remove';
}

/** All copies as one, because a bearer may be in the copy after the one that announces it. */
function appendProtocols(out: string[], offered: string, marker: string): void {
  const rest = withoutSubprotocolBearer(offered, marker);
  if (rest !== '') out.push('sec-websocket-protocol', rest);
}

/** The Cookie header without one cookie, so that a bearer in it stays with the gateway. */
function withoutCookie(header: string, cookie: string): string {
  return (
    header
      .split(';')
      .map(trimBlanks)
      // As the credential is read: blanks around a name do not hide it.
      .filter((pair) => pair !== '' && trimBlanks(pair.split('=', 1)[0]!) !== cookie)
      .join('; ')
  );
}

/** Adds the identity's headers to `out` (names and values in turn). Fields without a value are omitted. */
function appendIdentityHeaders(out: string[], headers: readonly IdentityHeader[], identity: Identity): void {
  for (const { name, field } of headers) {
    const value = typeof field === 'string' ? identity[field] : claimValue(identity.claims, field);
    if (value === null) continue;
    out.push(
      name,
      typeof value === 'string'
        ? headerValue(value, plain)
        : value.map((item) => headerValue(item, plainItem)).join(','),
    );
  }
}

/** A time is sent in Unix seconds. */
function claimValue(claims: Claims, { claim, type }: HeaderClaim): string | readonly string[] | null {
  const text = claimText(claims, claim);
  return type === 'time' && typeof text === 'string' ? String(Math.floor(Number(text) / 1000)) : text;
}

/** Visible ASCII, blanks only inside, and without "%", so that nothing plain looks like something encoded. */
const plain = /^(?! )[\x20-\x24\x26-\x7e]+(?<! )$/;
/** The same without a comma, which would make two items of one. */
const plainItem = /^(?! )[\x20-\x24\x26-\x2b\x2d-\x7e]+(?<! )$/;

/** A value outside visible ASCII is sent percent-encoded (UTF-8), so that no byte of it can end the header. */
function headerValue(text: string, asItIs: RegExp): string {
  return text === '' || asItIs.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
