/** What the gateway knows of one client connection: who is at the other end, determined once and not per request. */
import type { Socket } from 'node:net';
import { clientNetwork, type PeerFacts } from '../core/forwarding/client-facts.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';

export interface Client extends PeerFacts {
  /** Who counts as one client, as far as the connection shows (see `clientNetwork`). */
  readonly network: string;
}

export function clientOf(socket: Socket, trustedProxies: TrustedProxies): Client {
  const address = plainAddress(socket.remoteAddress ?? '');
  return { address, network: clientNetwork(address), trusted: trustedProxies(address), secure: false };
}

/** IPv4 in IPv6 (`::ffff:10.0.0.1`), as dual-stack sockets report it, is written as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
