/**
 * Who the client is when proxies stand in front: nothing that a peer outside the trusted ranges says is believed; a
 * trusted chain is read from its right end, one hop per trusted proxy (the class of CVE-2026-57210).
 */

import type { ClientFacts } from './request-headers.ts';
import { parseAddress, type TrustedProxies } from './trusted-proxies.ts';

/** What the socket knows; one per connection. */
export interface PeerFacts {
  /** Address of the socket's other end, IPv4 in IPv6 written as IPv4. */
  readonly address: string;
  readonly trusted: boolean;
  readonly secure: boolean;
}

const requestIdPattern = /^[A-Za-z0-9._:@/+=-]{1,128}$/;

/** `newRequestId` is asked when no trusted peer has set `x-request-id`. */
export function clientFacts(
  peer: PeerFacts,
  authority: string,
  rawHeaders: readonly string[],
  trustedProxies: TrustedProxies,
  newRequestId: () => string,
): ClientFacts {
  const proto = peer.secure ? 'https' : 'http';
  if (!peer.trusted) {
    return {
      client: peer.address,
      forwardedFor: peer.address,
      proto,
      forwardedHost: authority,
      requestId: newRequestId(),
    };
  }
  let chain = '';
  let sentProto: string | null = null;
  let sentHost: string | null = null;
  let requestId: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const value = rawHeaders[i + 1]!;
    switch (rawHeaders[i]!.toLowerCase()) {
      case 'x-forwarded-for':
        chain = chain === '' ? value : `${chain}, ${value}`;
        break;
      case 'x-forwarded-proto':
        sentProto = value;
        break;
      case 'x-forwarded-host':
        sentHost = value;
        break;
      case 'x-request-id':
        requestId = value;
        break;
    }
  }
  const hops = chain === '' ? [] : chain.split(',').map((hop) => hop.trim());
  let client = peer.address;
  for (let i = hops.length - 1; i >= 0 && trustedProxies(client); i -= 1) {
    // What is no address names nobody; the client is then the last hop that is known.
    if (parseAddress(hops[i]!) === null) break;
    client = hops[i]!;
  }
  const sane = hops.filter((hop) => hop !== '' && hop.length <= 64);
  return {
    client,
    forwardedFor: [...sane, peer.address].join(', '),
    proto: sentProto === 'https' || sentProto === 'http' ? sentProto : proto,
    forwardedHost: sentHost !== null && /^[A-Za-z0-9.:[\]_-]{1,255}$/.test(sentHost) ? sentHost : authority,
    requestId: requestId !== null && requestIdPattern.test(requestId) ? requestId : newRequestId(),
  };
}

/** Who counts as one client: an IPv4 address, or the network of an IPv6 one, which has 2^64 of them. */
export function clientNetwork(address: string): string {
  const parsed = parseAddress(address);
  return parsed?.bits === 128 ? `${(parsed.value >> 64n).toString(16)}/64` : address;
}
