/**
 * Headers of the request to the upstream: the client's headers, except those that belong to its connection, look like ours, or could change
 * what was authorized; then ours. The order is the defense: headers that the client lists in `Connection` are removed before ours are added
 * (the class of CVE-2026-29054).
 */
import { withoutCookie } from '../credential/bearer-cookie.ts';
import { withoutSubprotocolBearer } from '../credential/subprotocol-bearer.ts';
import { type Claims, claimText } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { beginsWith, canonicalName, connectionList, hasUsualSpelling } from '../syntax/header-fields.ts';
import type { ClientFacts } from './client-facts.ts';
import { appendForwarded } from './forwarded-header.ts';
import type { ForwardingRules, HeaderClaim, IdentityHeader, RequestTreatment } from './forwarding-rules.ts';
import type { PathRewrite } from './rewrite-path.ts';

/** The part of a decision that the headers depend on. */
export interface AllowedRequest {
  readonly request: Pick<CanonicalRequest, 'authority'>;
  readonly route: { readonly forwardCredentials: boolean; readonly rewrite: PathRewrite | null };
  readonly identity: Identity | null;
  readonly stale: boolean;
}

/**
 * Appends alternating names and values to `out`, `host` first. The caller does the framing: `content-length` is kept as received (the
 * parser has checked it), `transfer-encoding` is not.
 */
export function appendRequestHeaders(
  out: string[],
  rules: ForwardingRules,
  allowed: AllowedRequest,
  rawHeaders: readonly string[],
  facts: ClientFacts,
): void {
  const { request, route, identity, stale } = allowed;
  // An HTTP/1.0 client may send none; the upstream connection then uses the target's own name.
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
        for (const cookie of rules.ownCookies) if (value.includes(cookie)) value = withoutCookie(value, cookie);
        if (!route.forwardCredentials && rules.bearerCookie !== null) value = withoutCookie(value, rules.bearerCookie);
        if (value === '') continue;
        break;
    }
    // A list cannot remove the framing of the body, nor the warning of a replay (RFC 8470 section 5.1).
    if (listed !== null && treatment !== 'kept' && listed.has(canonicalName(name))) continue;
    if (treatment === 'subprotocol') protocols += `${value},`;
    else out.push(name, value);
  }
  // All copies are joined, because the bearer may be in the copy after its marker.
  if (protocols !== '') protocols = withoutSubprotocolBearer(protocols, rules.websocketProtocol!);
  if (protocols !== '') out.push('sec-websocket-protocol', protocols);
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

/** What happens to a header of the client, by its name as it came. */
export function treatmentOf({ requestTreatments, proxyPrefixes }: ForwardingRules, name: string): RequestTreatment {
  const treatment = requestTreatments.get(name);
  if (treatment === undefined) {
    if (beginsWith(name, 'x-forwarded-')) return 'remove';
    return proxyPrefixes.some((prefix) => beginsWith(name, prefix)) ? 'proxy' : 'pass';
  }
  // Another spelling of `via`, `cookie` or `content-length` has no meaning here, but a service may use it for framing.
  const anySpelling = treatment === 'remove' || treatment === 'credential' || treatment === 'proxy';
  return anySpelling || hasUsualSpelling(name) ? treatment : 'remove';
}

/** Adds the identity's headers to `out` (alternating names and values). Fields without a value are omitted. */
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

/** Visible ASCII, blanks only inside, and without "%", so plain text never looks encoded. */
const plain = /^(?! )[\x20-\x24\x26-\x7e]+(?<! )$/;
/** The same without a comma, which would split an item. */
const plainItem = /^(?! )[\x20-\x24\x26-\x2b\x2d-\x7e]+(?<! )$/;

/** A value outside visible ASCII is percent-encoded (UTF-8), so none of its bytes can end the header. */
function headerValue(text: string, asItIs: RegExp): string {
  return text === '' || asItIs.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
