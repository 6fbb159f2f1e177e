/** The client of a connection, determined once per connection, and the number of connections of each client. */
import type { Socket } from 'node:net';
import { clientNetwork } from '../core/forwarding/client-address.ts';
import type { PeerFacts } from '../core/forwarding/client-facts.ts';
import type { PeerCertificate } from '../core/request/peer-certificate.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import type { DefaultField } from '../http1/server/server.ts';

export interface Client extends PeerFacts {
  /** The client key of the connection (see `clientNetwork`). */
  readonly network: string;
  /** Settings of the address that it connected to; null: it has none. */
  readonly listener: ListenerRules | null;
  /** What the other end has shown in its handshake, which begins later. */
  certificate: PeerCertificate;
}

/** What an address of the gateway demands of requests, and adds to responses. */
export interface ListenerRules {
  /** Null: requests are served here. */
  readonly httpsOnly: HttpsOnly | null;
  /** Of each response without one of its name; null: none. */
  readonly addedField: DefaultField | null;
}

/** Where requests belong that come without TLS. */
export interface HttpsOnly {
  readonly port: number;
  /** Whether a certificate of the gateway is for this host (`canonicalHost`). */
  covers(host: string): boolean;
}

/** `secure`: a socket before its handshake will be. `said`: the client, as a proxy that forwards bytes says; if unset, the socket's other end. */
export function clientOf(
  socket: Socket,
  trustedProxies: TrustedProxies,
  secure = 'encrypted' in socket,
  listener: ListenerRules | null = null,
  said: string | undefined = socket.remoteAddress,
): Client {
  const address = plainAddress(said ?? '');
  const network = clientNetwork(address);
  return { address, network, trusted: trustedProxies(address), secure, listener, certificate: null };
}

/** Of the client before the head of its request is read. Empty: a trusted proxy sends the requests of several. */
export function knownAddress({ address, trusted }: PeerFacts): string {
  return trusted ? '' : address;
}

/** IPv4 in IPv6 (`::ffff:10.0.0.1`), as dual-stack sockets report it, is written as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}

/** A client is an address, or in IPv6 a /64 network. Trusted proxies carry many clients and are not counted. */
export class ClientConnections {
  readonly #perClient: number;
  readonly #open = new Map<string, number>();

  /** `perClient` 0: no limit. */
  constructor(perClient: number) {
    this.#perClient = perClient;
  }

  /** Clients with a connection. */
  get size(): number {
    return this.#open.size;
  }

  /** False: the client has reached its limit. */
  opened(network: string): boolean {
    const open = this.#open.get(network) ?? 0;
    if (this.#perClient > 0 && open >= this.#perClient) return false;
    this.#open.set(network, open + 1);
    return true;
  }

  closed(network: string): void {
    const open = this.#open.get(network)! - 1;
    if (open === 0) this.#open.delete(network);
    else this.#open.set(network, open);
  }
}
