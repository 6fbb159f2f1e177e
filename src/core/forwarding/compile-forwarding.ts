/** What happens to each header on its way to a service and back, compiled once per configuration. */
import type { CredentialSources } from '../credential/credential.ts';
import { canonicalName, HeaderTable } from '../syntax/header-fields.ts';
import {
  assertionHeader,
  authorizerHeader,
  forwarded,
  gatewayHeader,
  hopByHop,
  overrides,
  proxyHeaders,
} from '../syntax/header-names.ts';
import type { ForwardedSource } from './forwarded-header.ts';
import type {
  CertificateHeader,
  ForwardingRules,
  IdentityHeader,
  RequestTreatment,
  ResponseTreatment,
} from './forwarding-rules.ts';

export interface ForwardingSettings {
  readonly identityHeaders: readonly IdentityHeader[];
  /** Null: no identities are signed. */
  readonly identityAssertion: { readonly header: string } | null;
  readonly credentials: CredentialSources;
  /** Null: no `Via` is sent. */
  readonly via: { readonly name: string } | null;
  readonly server: {
    readonly forwardedHeaders: ForwardedSource;
    readonly clientCertificateHeader: CertificateHeader | null;
    /** Further headers that only trusted proxies may send; "*" at the end matches any suffix. */
    readonly proxyHeaders: readonly string[];
    /** Clients get the id of their request. */
    readonly returnRequestId: boolean;
  };
}

/** Names that the gateway itself sets in upstream requests. */
const own = ['x-request-id', 'x-rolegate-stale', gatewayHeader, authorizerHeader, assertionHeader];

export function compileForwarding(settings: ForwardingSettings): ForwardingRules {
  const { identityHeaders, identityAssertion, credentials, via, server } = settings;
  const { keyPair, apiKey, bearerCookie, websocketProtocol, session } = credentials;
  const signed = identityAssertion?.header ?? null;
  const ours = [...identityHeaders.map(({ name }) => name), ...(signed === null ? [] : [signed])];
  const treatments = new Map<string, RequestTreatment>();
  const proxyPrefixes: string[] = [];
  for (const name of [...proxyHeaders, ...server.proxyHeaders].map((header) => header.toLowerCase())) {
    if (name.endsWith('*')) proxyPrefixes.push(canonicalName(name.slice(0, -1)));
    else treatments.set(canonicalName(name), 'proxy');
  }
  for (const name of [...hopByHop, ...overrides, ...forwarded, ...own, 'host', 'expect'])
    treatments.set(name, 'remove');
  treatments.set('via', 'via').set('content-length', 'kept').set('early-data', 'kept');
  if (bearerCookie !== null || session !== null) treatments.set('cookie', 'cookie');
  if (websocketProtocol !== null) treatments.set('sec-websocket-protocol', 'subprotocol');
  const secret = [keyPair?.apiKeyHeader, keyPair?.apiSecretHeader, apiKey?.header].filter((name) => name != null);
  for (const name of ['authorization', ...secret]) treatments.set(canonicalName(name), 'credential');
  for (const name of ours) treatments.set(canonicalName(name), 'remove');
  return {
    identityHeaders,
    assertionHeader: signed,
    requestTreatments: new HeaderTable(treatments),
    proxyPrefixes,
    bearerCookie,
    ownCookies: session === null ? [] : [session.cookie, session.browserCookie],
    websocketProtocol,
    responseTreatments: compileResponseTreatments(ours, server.returnRequestId, session !== null),
    via: via === null ? null : `1.1 ${via.name}`,
    forwardedHeaders: server.forwardedHeaders,
    clientCertificateHeader: server.clientCertificateHeader,
    returnsRequestId: server.returnRequestId,
  };
}

/**
 * Headers that an upstream cannot send: those of its connection (RFC 9110 section 7.6.1), `Via` (section 7.6.3, which would show what runs
 * behind the gateway), `Alt-Svc` (RFC 7838, which would lead clients past the gateway), the identity, which only upstreams receive, our
 * mark of a stale verdict, and cookies with the names of ours.
 */
export function compileResponseTreatments(
  identityHeaders: readonly string[],
  returnsRequestId: boolean,
  hasSessions = false,
): HeaderTable<ResponseTreatment> {
  const treatments = new Map<string, ResponseTreatment>();
  for (const name of [...hopByHop, 'via', 'alt-svc', 'x-rolegate-stale']) treatments.set(name, 'remove');
  for (const name of identityHeaders) treatments.set(canonicalName(name), 'remove');
  // Ours replaces it.
  if (returnsRequestId) treatments.set('x-request-id', 'remove');
  if (hasSessions) treatments.set('set-cookie', 'set-cookie');
  treatments.set('content-length', 'length');
  treatments.set('x-error', 'error').set('x-error-id', 'error-id');
  return new HeaderTable(treatments);
}
