/**
 * What the gateway knows of one client connection: who is at the other end, found once and not per request, and which
 * of its requests are in flight.
 */
import type { Socket } from 'node:net';
import type { PeerFacts } from '../../core/forwarding/client-facts.ts';
import type { TrustedProxies } from '../../core/forwarding/trusted-proxies.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';

/** A request in flight, as its connection sees it. */
export interface InFlight {
  /** Part of its body has not arrived. */
  readonly bodyPending: boolean;
  fail(reason: ReasonCode): void;
}

export class ClientConnection implements PeerFacts {
  readonly address: string;
  readonly trusted: boolean;
  readonly secure = false;
  /** Requests without a finished answer; more than one when the client pipelines. */
  inFlight = 0;
  /** The request that came last. */
  latest: InFlight | null = null;
  /** A refusal to be sent when the answers before it are out; null: none. */
  farewell: (() => void) | null = null;
  /** Nothing more is read from it. */
  refused = false;

  constructor(socket: Socket, trustedProxies: TrustedProxies) {
    this.address = plainAddress(socket.remoteAddress ?? '');
    this.trusted = trustedProxies(this.address);
  }

  requestEnded(): void {
    this.inFlight -= 1;
    if (this.inFlight > 0) return;
    this.latest = null;
    this.farewell?.();
  }
}

const connectionOf = Symbol('connection');
type KnownSocket = Socket & { [connectionOf]?: ClientConnection };

/** The facts of a socket, made when it is seen first. */
export function clientConnection(socket: Socket, trustedProxies: TrustedProxies): ClientConnection {
  const known = socket as KnownSocket;
  known[connectionOf] ??= new ClientConnection(socket, trustedProxies);
  return known[connectionOf];
}

/** IPv4 in IPv6 (`::ffff:10.0.0.1`), as dual-stack sockets give it, is written as IPv4. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
