/**
 * Headers of the request to the upstream: the client's without everything that belongs to its connection, that could
 * pass for ours, or that could change what was authorized; then ours. The order is the defense: what the client lists
 * in `Connection` is removed from the client's headers before ours exist (the class of CVE-2026-29054).
 */
import type { CredentialSources } from '../credential/credential.ts';
import { withoutSubprotocolBearer } from '../credential/subprotocol-bearer.ts';
import type { Identity } from '../identity/identity.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import {
  canonicalName,
  connectionList,
  forwarded,
  gatewayHeader,
  hopByHop,
  overrides,
  proxyHeaders,
  trimBlanks,
} from '../syntax/header-names.ts';
import type { ClientFacts } from './client-facts.ts';
import type { ForwardedSource } from './forwarded-header.ts';
import { appendForwarded } from './forwarded-header.ts';
import { appendIdentityHeaders, type IdentityHeader } from './identity-headers.ts';
import { compileResponseTreatment, type TreatResponse } from './response-headers.ts';
import type { PathRewrite } from './rewrite-path.ts';

export type { ClientFacts };

/** What of a decision the headers depend on. */
export interface AllowedRequest {
  readonly request: Pick<CanonicalRequest, 'authority'>;
  readonly route: { readonly forwardCredentials: boolean; readonly rewrite: PathRewrite | null };
  readonly identity: Identity | null;
  readonly stale: boolean;
}

/** What happens to a header of the client. */
type Treatment = 'pass' | 'remove' | 'proxy' | 'credential' | 'cookie' | 'subprotocol' | 'via' | 'kept';

/** What may not come from a client, compiled once per configuration. */
export interface ForwardingRules {
  readonly identityHeaders: readonly IdentityHeader[];
  /** By the name as received. */
  readonly treatmentOf: (name: string) => Treatment;
  readonly bearerCookie: string | null;
  readonly websocketProtocol: string | null;
  /** What happens to the headers of responses, by the name as received. */
  readonly treatResponse: TreatResponse;
  /** Our element of `Via` (RFC 9110 section 7.6.3); null: none is added. */
  readonly via: string | null;
  /** What trusted proxies write, and what services get besides `X-Forwarded-*`. */
  readonly forwardedHeaders: ForwardedSource;
  /** Clients get the id of their request, in place of one that the service sends. */
  readonly returnsRequestId: boolean;
}

/** Names that the gateway itself sets towards an upstream. */
const own = ['x-request-id', 'x-rolegate-stale', gatewayHeader];

export interface ForwardingSettings {
  readonly identityHeaders: readonly IdentityHeader[];
  readonly credentials: CredentialSources;
  /** Null: no `Via` is sent. */
  readonly via: { readonly name: string } | null;
  readonly server: {
    readonly forwardedHeaders: ForwardedSource;
    /** Further headers that only trusted proxies may send; "*" at the end stands for any rest. */
    readonly proxyHeaders: readonly string[];
    /** Clients get the id of their request. */
    readonly returnRequestId: boolean;
  };
}

export function compileForwarding({ identityHeaders, credentials, via, server }: ForwardingSettings): ForwardingRules {
  const { keyPair, bearerCookie, websocketProtocol } = credentials;
  const treatments = new Map<string, Treatment>();
  const proxyBeginnings: string[] = [];
  for (const name of [...proxyHeaders, ...server.proxyHeaders].map((written) => written.toLowerCase())) {
    if (name.endsWith('*')) proxyBeginnings.push(canonicalName(name.slice(0, -1)));
    else treatments.set(canonicalName(name), 'proxy');
  }
  for (const name of [...hopByHop, ...overrides, ...forwarded, ...own, 'host', 'expect'])
    treatments.set(name, 'remove');
  treatments.set('via', 'via').set('content-length', 'kept').set('early-data', 'kept');
  if (bearerCookie !== null) treatments.set('cookie', 'cookie');
  if (websocketProtocol !== null) treatments.set('sec-websocket-protocol', 'subprotocol');
  const secret = keyPair === null ? [] : [keyPair.apiKeyHeader, keyPair.apiSecretHeader];
  for (const name of ['authorization', ...secret]) treatments.set(canonicalName(name), 'credential');
  for (const { name } of identityHeaders) treatments.set(canonicalName(name), 'remove');
  const treat = (canonical: string): Treatment => {
    const treatment = treatments.get(canonical);
    if (treatment !== undefined) return treatment;
    if (canonical.startsWith('x-forwarded-')) return 'remove';
    return proxyBeginnings.some((beginning) => canonical.startsWith(beginning)) ? 'proxy' : 'pass';
  };
  return {
    identityHeaders,
    treatmentOf: (name) => {
      const canonical = canonicalName(name);
      const treatment = treat(canonical);
      // Another spelling of `via`, `cookie` or `content-length` means nothing here, but it may frame a body for a service.
      const anySpelling = treatment === 'pass' || treatment === 'credential' || treatment === 'proxy';
      return anySpelling || canonical === name.toLowerCase() ? treatment : 'remove';
    },
    bearerCookie,
    websocketProtocol,
    treatResponse: compileResponseTreatment(identityHeaders, server.returnRequestId),
    via: via === null ? null : `1.1 ${via.name}`,
    forwardedHeaders: server.forwardedHeaders,
    returnsRequestId: server.returnRequestId,
  };
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
    const treatment = rules.treatmentOf(name);
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
