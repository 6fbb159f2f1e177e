/**
 * Headers of the request to the upstream: the client's without everything that belongs to its connection, that could
 * pass for ours, or that could change what was authorized; then ours. The order is the defense: what the client lists
 * in `Connection` is removed from the client's headers before ours exist (the class of CVE-2026-29054).
 */
import type { CredentialSources } from '../credential/credential.ts';
import { trimBlanks } from '../credential/trim-blanks.ts';
import type { Allow } from '../outcome/decision.ts';
import { connectionList } from './connection-list.ts';
import { canonicalName, forwarded, hopByHop, overrides } from './header-names.ts';
import { appendIdentityHeaders, type IdentityHeader } from './identity-headers.ts';

/** What happens to a header of the client. */
type Treatment = 'pass' | 'remove' | 'credential' | 'cookie' | 'via' | 'length';

/** What may not come from a client, compiled once per configuration. */
export interface ForwardingRules {
  readonly identityHeaders: readonly IdentityHeader[];
  /** By the name as received. */
  readonly treatmentOf: (name: string) => Treatment;
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
const own = ['x-request-id', 'x-rolegate-stale'];

export function compileForwarding(
  identityHeaders: readonly IdentityHeader[],
  sources: CredentialSources,
): ForwardingRules {
  const treatments = new Map<string, Treatment>();
  for (const name of [...hopByHop, ...overrides, ...forwarded, ...own, 'host', 'expect'])
    treatments.set(name, 'remove');
  treatments.set('via', 'via').set('content-length', 'length');
  if (sources.bearerCookie !== null) treatments.set('cookie', 'cookie');
  for (const name of ['authorization', sources.apiKeyHeader, sources.apiSecretHeader]) {
    treatments.set(canonicalName(name), 'credential');
  }
  for (const { name } of identityHeaders) treatments.set(canonicalName(name), 'remove');
  return { identityHeaders, treatmentOf: remembered(treatments), bearerCookie: sources.bearerCookie };
}

/** Spellings of names that are remembered, so that a usual one is read once and not at each request. */
const maxSpellings = 1024;

function remembered(treatments: ReadonlyMap<string, Treatment>): (name: string) => Treatment {
  const spellings = new Map<string, Treatment>();
  return (name) => {
    const known = spellings.get(name);
    if (known !== undefined) return known;
    const canonical = canonicalName(name);
    let treatment = treatments.get(canonical) ?? (canonical.startsWith('x-forwarded-') ? 'remove' : 'pass');
    // `content_length` frames nothing here, but it may for a service.
    if (treatment === 'length' && name.includes('_')) treatment = 'remove';
    if (spellings.size < maxSpellings && name.length <= 64) spellings.set(name, treatment);
    return treatment;
  };
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
  // An HTTP/1.0 client may send none; the connection to the upstream then names the target itself.
  if (decision.request.authority !== '') out.push('host', decision.request.authority);
  const listed = connectionList(rawHeaders);
  let via = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    let value = rawHeaders[i + 1]!;
    const treatment = rules.treatmentOf(name);
    switch (treatment) {
      case 'remove':
        continue;
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
    // Content-Length frames the body: no list can take it away.
    if (listed !== null && treatment !== 'length' && listed.has(canonicalName(name))) continue;
    out.push(name, value);
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
  return (
    header
      .split(';')
      .map(trimBlanks)
      // Named as the credential is read: blanks around a name do not hide it.
      .filter((pair) => pair !== '' && trimBlanks(pair.split('=', 1)[0]!) !== cookie)
      .join('; ')
  );
}
