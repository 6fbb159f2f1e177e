/**
 * Determines the client behind proxies. Headers from a peer outside the trusted ranges are ignored. A trusted chain is read from its right
 * end, one hop per trusted proxy (the class of CVE-2026-57210). Everything left of the client is the client's own claim, which is dropped.
 */
import { parseAddress, type TrustedProxies } from '../syntax/addresses.ts';
import { type ForwardedSource, readForwardedHeaders } from './forwarded-header.ts';

/** Facts about a connection. */
export interface PeerFacts {
  /** Address of the other end, IPv4 in IPv6 written as IPv4: of the socket, or as the PROXY protocol says. */
  readonly address: string;
  readonly trusted: boolean;
  readonly secure: boolean;
}

/** What the socket and its trusted proxies report about the client. */
export interface ClientFacts {
  /** Address of the client. */
  readonly client: string;
  /** The whole `X-Forwarded-For` to send: the client, trusted proxies in order, and the peer last. */
  readonly forwardedFor: string;
  readonly proto: 'http' | 'https';
  /** Host as the client saw it. */
  readonly forwardedHost: string;
  readonly requestId: string;
  /** The peer is a trusted proxy. */
  readonly trusted: boolean;
}

const requestIdPattern = /^[A-Za-z0-9._:@/+=-]{1,128}$/;
const hostPattern = /^[A-Za-z0-9.:[\]_-]{1,255}$/;

/** `newRequestId` is called when no trusted peer has set `x-request-id`. */
export function clientFacts(
  peer: PeerFacts,
  authority: string,
  rawHeaders: readonly string[],
  trustedProxies: TrustedProxies,
  newRequestId: () => string,
  source: ForwardedSource = 'x-forwarded',
): ClientFacts {
  const proto = peer.secure ? 'https' : 'http';
  if (!peer.trusted) {
    return {
      client: peer.address,
      forwardedFor: peer.address,
      proto,
      forwardedHost: authority,
      requestId: newRequestId(),
      trusted: false,
    };
  }
  const said = readForwardedHeaders(rawHeaders, source);
  const { hops } = said;
  let client = peer.address;
  let forwardedFor = client;
  let first = hops.length;
  while (first > 0 && trustedProxies(client)) {
    const address = hops[first - 1]?.address ?? '';
    // An invalid address does not identify a client; the client is then the last known hop.
    if (parseAddress(address) === null) break;
    first -= 1;
    client = address;
    forwardedFor = `${client}, ${forwardedFor}`;
  }
  // With `Forwarded`, each hop has its own: the client's hop is the one that the outermost trusted proxy saw.
  const sentProto = said.proto ?? hops[first]?.proto;
  const sentHost = said.host ?? hops[first]?.host;
  const { requestId } = said;
  return {
    client,
    forwardedFor,
    proto: sentProto === 'https' || sentProto === 'http' ? sentProto : proto,
    forwardedHost: sentHost != null && hostPattern.test(sentHost) ? sentHost : authority,
    requestId: requestId !== null && requestIdPattern.test(requestId) ? requestId : newRequestId(),
    trusted: true,
  };
}
