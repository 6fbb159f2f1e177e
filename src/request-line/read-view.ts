/** What the gateway reads from a request and its connection: the view that is decided, and then the facts about its client. */
import { randomUUID } from 'node:crypto';
import type { Decision } from '../core/decision.ts';
import { clientAddress, clientNetwork, namesClient } from '../core/forwarding/client-address.ts';
import { type ClientFacts, clientFacts } from '../core/forwarding/client-facts.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import { forwardedCertificate } from './forwarded-certificate.ts';
import type { RequestContext } from './request-context.ts';
import type { RequestRuntime } from './runtime.ts';

/** Plain data for `decide`: nothing is parsed, copied or trusted here. Also determines the client key. */
export function readView(
  context: RequestContext<WholeResponse>,
  { rules }: RequestRuntime,
  trustedProxies: TrustedProxies,
): RequestView {
  const { request, peer } = context;
  const { method, target, rawHeaders, minor } = request;
  // Null: the client is not known for certain.
  let address: string | null = peer.address;
  if (peer.trusted) {
    address = clientAddress(peer, rawHeaders, trustedProxies, rules.forwardedHeaders);
    context.client = address ?? '';
    context.clientKey = address === null ? peer.network : clientNetwork(address);
    context.unnamed = address === peer.address && !namesClient(rawHeaders, rules.forwardedHeaders);
  }
  return {
    method,
    target,
    rawHeaders,
    httpVersion: minor === 0 ? '1.0' : '1.1',
    client: context.memoryKey ?? undefined,
    address,
    trusted: peer.trusted,
    // That of a proxy is not its client's.
    certificate: peer.trusted ? forwardedCertificate(rawHeaders, rules.clientCertificateHeader) : peer.certificate,
    now: Date.now,
  };
}

/** Facts about the client that the service, the log and the response need. They are also recorded in the context. */
export function readFacts(
  context: RequestContext<WholeResponse>,
  { request }: Decision,
  { rules }: RequestRuntime,
  trustedProxies: TrustedProxies,
): ClientFacts {
  const { rawHeaders } = context.request;
  const authority = request?.authority ?? '';
  const facts = clientFacts(context.peer, authority, rawHeaders, trustedProxies, randomUUID, rules.forwardedHeaders);
  context.proto = facts.proto;
  context.requestId = facts.requestId;
  if (rules.returnsRequestId) context.returned = ['x-request-id', facts.requestId];
  return facts;
}
