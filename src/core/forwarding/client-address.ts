/** The address of a client for rules, and the client key for limits. */
import { parseAddress, type TrustedProxies } from '../syntax/addresses.ts';
import type { PeerFacts } from './client-facts.ts';
import { type ForwardedSource, readForwardedHeaders } from './forwarded-header.ts';

/** The client key of an address: an IPv4 address itself, or the /64 network of an IPv6 one, which contains 2^64 addresses. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const parsed = parseAddress(address);
  return parsed?.bits === 128 ? `${(parsed.value >> 64n).toString(16)}/64` : address;
}

/**
 * Whether a trusted proxy sends a client address. If it does and the address cannot be parsed, limits count the proxy's own address
 * instead. Otherwise a client could escape limits with an unclosed quote in `Forwarded` (RFC 7239 section 4).
 */
export function namesClient(rawHeaders: readonly string[], source: ForwardedSource = 'x-forwarded'): boolean {
  return readForwardedHeaders(rawHeaders, source).hops.length > 0;
}

/**
 * The address of the client for rules and log; null if it is not known for certain. This is stricter than forwarding: if a trusted
 * proxy sends an invalid address, rules must not treat the proxy as the client.
 */
export function clientAddress(
  peer: Pick<PeerFacts, 'address' | 'trusted'>,
  rawHeaders: readonly string[],
  trustedProxies: TrustedProxies,
  source: ForwardedSource = 'x-forwarded',
): string | null {
  let { address } = peer;
  if (!peer.trusted) return address;
  const { hops } = readForwardedHeaders(rawHeaders, source);
  for (let i = hops.length - 1; i >= 0 && trustedProxies(address); i -= 1) {
    address = hops[i]?.address ?? '';
    if (parseAddress(address) === null) return null;
  }
  return address;
}
