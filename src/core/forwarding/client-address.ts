/** The address of a client for rules about it, and the client key that limits count by. */
import { parseAddress, type TrustedProxies } from '../syntax/addresses.ts';
import type { PeerFacts } from './client-facts.ts';
import { type ForwardedSource, readForwardedHeaders } from './forwarded-header.ts';

/** The client key of an address: an IPv4 address itself, or the /64 network of an IPv6 one, which has 2^64 of them. */
export function clientNetwork(address: string): string {
  if (!address.includes(':')) return address;
  const parsed = parseAddress(address);
  return parsed?.bits === 128 ? `${(parsed.value >> 64n).toString(16)}/64` : address;
}

/**
 * Whether a trusted proxy says anything at all of whom it forwards for. If it does, and what it says cannot be read, its own
 * address stands for the client in what limits count: a client could otherwise make itself unreadable, with a quote that it
 * leaves open in `Forwarded` (RFC 7239 section 4), and would be no client that limits know.
 */
export function namesClient(rawHeaders: readonly string[], source: ForwardedSource = 'x-forwarded'): boolean {
  return readForwardedHeaders(rawHeaders, source).hops.length > 0;
}

/**
 * The address of the client for rules about it; null when it is not known for certain. Stricter than what is logged and
 * forwarded: where a trusted proxy names something that is no address, no rule may take the proxy for the client.
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
