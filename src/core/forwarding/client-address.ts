/**
 * The address of the client for rules that are about it. Stricter than what is logged and forwarded: where a trusted
 * proxy names something that is no address, nobody knows who the client is, and no rule may take the proxy for it.
 */
import type { PeerFacts } from './client-facts.ts';
import { type ForwardedSource, readForwardedHeaders } from './forwarded-chain.ts';
import { parseAddress, type TrustedProxies } from './trusted-proxies.ts';

/** Null: not known for certain. */
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
