/** The request that a service receives instead of the client's. */
import type { Allow } from '../core/decision.ts';
import type { ClientFacts } from '../core/forwarding/client-facts.ts';
import type { ForwardingRules } from '../core/forwarding/forwarding-rules.ts';
import { appendRequestHeaders } from '../core/forwarding/request-headers.ts';
import { rewritePath } from '../core/forwarding/rewrite-path.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { handshakeFault } from '../core/request/websocket-handshake.ts';
import { gatewayHeader } from '../core/syntax/header-names.ts';
import type { OutgoingRequest } from '../http1/client/request.ts';
import type { Upstream } from '../upstream/create-upstreams.ts';
import type { RequestContext } from './request-context.ts';

/** Without its body. Returns a reason if it cannot be forwarded. The secret proves to the Auth API that the gateway sends the request. */
export function outgoingRequest(
  { request: received, assertion, token, trace }: Pick<RequestContext, 'request' | 'assertion' | 'token' | 'trace'>,
  decision: Allow,
  rules: ForwardingRules,
  facts: ClientFacts,
  { gatewaySecret, host, announces }: Pick<Upstream, 'gatewaySecret' | 'host' | 'announces'>,
): OutgoingRequest | ReasonCode {
  const { route, request, identity } = decision;
  const upgrade = received.upgrade === 'websocket';
  if (upgrade && !route.websocket) return 'upgrade_unsupported';
  const fault = upgrade ? handshakeFault(received.rawHeaders) : null;
  if (fault !== null) return fault;
  const path = route.rewrite === null ? request.path : rewritePath(route, request.path);
  if (path === null) return 'path_ambiguous';
  const headers: string[] = [];
  appendRequestHeaders(headers, rules, decision, received.rawHeaders, facts);
  if (host !== 'keep') replaceHost(headers, host);
  if (assertion !== null) headers.push(rules.assertionHeader!, assertion);
  if (token !== null) headers.push('authorization', `Bearer ${token}`);
  if (gatewaySecret !== null) headers.push(gatewayHeader, gatewaySecret);
  if (upgrade) headers.push('upgrade', 'websocket');
  trace?.forwarding(headers);
  return {
    method: request.method,
    path: path + request.query,
    headers,
    body: null,
    upgrade,
    group: groupOf(identity !== null, announces ? facts.client : ''),
    client: facts.client,
  };
}

/**
 * Bytes that an anonymous client makes a service send ahead never reach a request with an identity. `client`: the only one whose requests
 * may share the connection.
 */
function groupOf(authenticated: boolean, client: string): string {
  const group = authenticated ? 'authenticated' : 'anonymous';
  return client === '' ? group : `${group} ${client}`;
}

/** Without one, the connection uses that of its target. */
function replaceHost(headers: string[], host: string): void {
  if (headers[0] === 'host') headers.splice(0, 2);
  if (host !== 'target') headers.unshift('host', host);
}
