/**
 * What the gateway knows of one client connection: who is at the other end, found once and not per request, and which
 * of its requests are in flight.
 */
import type { Socket } from 'node:net';
import { clientNetwork, type PeerFacts } from '../../core/forwarding/client-facts.ts';
import type { TrustedProxies } from '../../core/forwarding/trusted-proxies.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';

/** A request in flight, as its connection sees it. */
export interface InFlight {
  /** Part of its body has not arrived. */
  readonly bodyPending: boolean;
  fail(reason: ReasonCode): void;
  /** The connection is gone. */
  closed(): void;
  /** The client sends no more; Node will end the other direction too, whatever is still to come. */
  clientEnded(): void;
}

export class ClientConnection implements PeerFacts {
  readonly address: string;
  /** See `clientNetwork`. */
  readonly network: string;
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
  /** An answer on it says that it is the last: what comes after is not served (RFC 9112 section 9.6). */
  closing = false;
  readonly #socket: Socket;
  /** Those behind the first while the client pipelines. */
  #waiting: Set<InFlight> | null = null;

  constructor(socket: Socket, trustedProxies: TrustedProxies) {
    this.#socket = socket;
    this.address = plainAddress(socket.remoteAddress ?? '');
    this.network = clientNetwork(this.address);
    this.trusted = trustedProxies(this.address);
  }

  requestBegan(request: InFlight): void {
    this.inFlight += 1;
    this.latest = request;
    if (this.inFlight === 1) return;
    this.#waiting ??= new Set();
    this.#waiting.add(request);
  }

  /** Breaks the connection. Node tells only the first request of it. */
  abandon(): void {
    this.#socket.resetAndDestroy();
    for (const request of [...(this.#waiting ?? [])]) request.closed();
  }

  requestEnded(request: InFlight): void {
    this.inFlight -= 1;
    this.#waiting?.delete(request);
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
