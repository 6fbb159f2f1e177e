/**
 * What the gateway knows of one client connection: who is at the other end, found once and not per request, and which
 * of its requests are in flight.
 */
import type { Socket } from 'node:net';
import { clientNetwork, type PeerFacts } from '../../core/forwarding/client-facts.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import type { TrustedProxies } from '../../core/syntax/addresses.ts';
import type { AskedMembers, CallerMembers, LogMemory } from '../../telemetry/log-memory.ts';
import type { ClientAccount } from './client-ledger.ts';

/** A request in flight, as its connection sees it. */
export interface InFlight {
  /** Part of its body has not arrived. */
  readonly bodyPending: boolean;
  fail(reason: ReasonCode): void;
  /** The connection is gone. */
  closed(): void;
  /** The client sends no more. It may still read, or be gone: nobody can tell until something is written. */
  clientEnded(): void;
}

export class ClientConnection implements PeerFacts, LogMemory {
  readonly address: string;
  /** See `clientNetwork`. */
  readonly network: string;
  readonly trusted: boolean;
  readonly secure = false;
  /** Requests without a finished answer; more than one when the client pipelines. */
  inFlight = 0;
  /** The request that came last. */
  latest: InFlight | null = null;
  /** The last one that is served here, because it was one too many; null: there is none yet. */
  final: InFlight | null = null;
  /** Requests so far. */
  requests = 0;
  /** What its client has taken up; null: a trusted proxy, which is not counted. */
  holder: ClientAccount | null = null;
  /** A refusal to be sent when the answers before it are out; null: none. */
  farewell: (() => void) | null = null;
  /** Nothing more is read from it. */
  refused = false;
  /** An answer on it says that it is the last: what comes after is not served (RFC 9112 section 9.6). */
  closing = false;
  askedMembers: AskedMembers | null = null;
  callerMembers: CallerMembers | null = null;
  readonly #socket: Socket;
  /** All of them, once the client pipelines. */
  #pipelined: Set<InFlight> | null = null;

  constructor(socket: Socket, trustedProxies: TrustedProxies) {
    this.#socket = socket;
    this.address = plainAddress(socket.remoteAddress ?? '');
    this.network = clientNetwork(this.address);
    this.trusted = trustedProxies(this.address);
  }

  requestBegan(request: InFlight): void {
    this.inFlight += 1;
    this.requests += 1;
    if (this.inFlight > 1) {
      this.#pipelined ??= new Set();
      if (this.latest !== null) this.#pipelined.add(this.latest);
      this.#pipelined.add(request);
    }
    this.latest = request;
  }

  /** Breaks the connection. Node tells only the first request of it. */
  abandon(): void {
    // An answer that was the last one may be ending it: a reset would fail then, and the socket would stay for good.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
    for (const request of [...(this.#pipelined ?? [])]) request.closed();
  }

  /** The client sends no more. */
  ended(): void {
    const pipelined = this.#pipelined;
    if (pipelined === null || pipelined.size === 0) this.latest?.clientEnded();
    else for (const request of [...pipelined]) request.clientEnded();
  }

  requestEnded(request: InFlight): void {
    this.inFlight -= 1;
    this.#pipelined?.delete(request);
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
