/**
 * Headers of the request to the upstream: the client's without everything that belongs to its connection, that could
 * pass for ours, or that could change what was authorized; then ours. The order is the defense: what the client lists
 * in `Connection` is removed from the client's headers before ours exist (the class of CVE-2026-29054).
 */
import type { CredentialSources } from '../credential/credential.ts';
import type { Allow } from '../outcome/decision.ts';
import { connectionList } from './connection-list.ts';
import { canonicalName, forwarded, hopByHop, overrides } from './header-names.ts';
import { appendIdentityHeaders, type IdentityHeader } from './identity-headers.ts';

/** What may not come from a client, compiled once per configuration. */
export interface ForwardingRules {
  readonly identityHeaders: readonly IdentityHeader[];
  /** Names removed on every route. */
  readonly removed: ReadonlySet<string>;
  /** Names removed unless the route forwards credentials. */
  readonly credentials: ReadonlySet<string>;
  readonly bearerCookie: string | null;
}

/** What the socket and the trusted proxies in front of it say of the client. */
export interface ClientFacts {
  /** Address of the client. */
  readonly client: string;
  /** The whole `X-Forwarded-For` to send: what a trusted peer sent, if so, and the peer itself. */
  readonly forwardedFor: string;
  readonly proto: 'http' | 'https';
  /** Host as the client saw it. */
  readonly forwardedHost: string;
  readonly requestId: string;
}

/** Names that the gateway itself sets towards an upstream. */
const own = ['via', 'x-request-id', 'x-rolegate-stale'];

export function compileForwarding(
  identityHeaders: readonly IdentityHeader[],
  sources: CredentialSources,
): ForwardingRules {
  const removed = new Set([...hopByHop, ...overrides, ...forwarded, ...own, 'host', 'expect']);
  for (const { name } of identityHeaders) removed.add(canonicalName(name));
  const credentials = new Set(['authorization', sources.apiKeyHeader, sources.apiSecretHeader].map(canonicalName));
  return { identityHeaders, removed, credentials, bearerCookie: sources.bearerCookie };
}

/**
 * Appends names and values in turn to `out`, `host` first. Framing is the caller's: `content-length` is kept as
 * received (the parser has checked it), `transfer-encoding` is not.
 */
export function appendRequestHeaders(
  out: string[],
  rules: ForwardingRules,
  decision: Allow,
  rawHeaders: readonly string[],
  facts: ClientFacts,
): void {
  const { route, identity } = decision;
  out.push('host', decision.request.authority);
  const listed = connectionList(rawHeaders);
  let via = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = canonicalName(rawHeaders[i]!);
    if (name === 'via') via += `${rawHeaders[i + 1]!}, `;
    if (rules.removed.has(name)) continue;
    if (!route.forwardCredentials) {
      if (rules.credentials.has(name)) continue;
      if (name === 'cookie' && rules.bearerCookie !== null) {
        const rest = withoutCookie(rawHeaders[i + 1]!, rules.bearerCookie);
        if (rest !== '') out.push('cookie', rest);
        continue;
      }
    }
    // Content-Length frames the body: no list can take it away.
    if (listed?.has(name) && name !== 'content-length') continue;
    out.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  out.push('x-forwarded-for', facts.forwardedFor);
  out.push('x-forwarded-proto', facts.proto);
  out.push('x-forwarded-host', facts.forwardedHost);
  out.push('x-real-ip', facts.client);
  out.push('via', `${via}1.1 rolegate`);
  out.push('x-request-id', facts.requestId);
  if (decision.stale) out.push('x-rolegate-stale', '1');
  if (identity !== null) appendIdentityHeaders(out, rules.identityHeaders, identity);
}

/** The Cookie header without one cookie, so that a bearer in it stays with the gateway. */
function withoutCookie(header: string, cookie: string): string {
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && pair.split('=', 1)[0] !== cookie)
    .join('; ');
}
