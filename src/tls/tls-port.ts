/**
 * TLS of a port. Each handshake is bounded by time, and one client can only have some at once: its further connections wait, so that a
 * flood of one client delays itself. Certificates are replaced as a whole; a handshake uses one set of them.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';
import { ServerContexts, type ServerTls } from './server-contexts.ts';

/** Handshakes of one client at once. */
export const maxHandshakesOfClient: number = 64;

export interface TlsPortOptions {
  readonly deadlines: Deadlines;
  /** Longest time of a handshake, waiting included. */
  readonly timeoutMs: number;
  /** Of session tickets; the same in all processes. */
  readonly secret: string | Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Handshakes so far, by outcome. */
export interface HandshakeCounts {
  full: number;
  resumed: number;
  failed: number;
  late: number;
}

type Done = (secured: Duplex | null) => void;

export class TlsPort {
  readonly counts: HandshakeCounts = { full: 0, resumed: 0, failed: 0, late: 0 };
  readonly #options: TlsPortOptions;
  readonly #clients = new Map<string, ClientHandshakes>();
  #contexts: ServerContexts;

  constructor(tls: ServerTls, options: TlsPortOptions) {
    this.#options = options;
    this.#contexts = new ServerContexts(tls, options.secret, null, options.now());
  }

  get certificates(): ServerContexts['certificates'] {
    return this.#contexts.certificates;
  }

  /** Whether a certificate is for this host. */
  covers(host: string): boolean {
    return this.#contexts.covers(host);
  }

  /**
   * For later handshakes. Throws without changing anything if a certificate cannot be used. Returns the files that are not used, because
   * their certificates are not valid now: the last valid ones stay.
   */
  use(tls: ServerTls): readonly string[] {
    this.#contexts = new ServerContexts(tls, this.#options.secret, this.#contexts, this.#options.now());
    return this.#contexts.skipped;
  }

  /** Calls `done` once: with the socket of the requests; or with null, after the end of the connection. */
  begin(socket: Socket, clientKey: string, done: Done): void {
    const client = this.#clients.get(clientKey) ?? { underWay: 0, waiting: new Set() };
    this.#clients.set(clientKey, client);
    const handshake = new Handshake(socket, (secured, late) => {
      this.#options.deadlines.cancel(handshake);
      this.#count(handshake, secured, late);
      this.#leave(handshake, clientKey, client);
      done(secured);
    });
    this.#options.deadlines.schedule(handshake, performance.now() + this.#options.timeoutMs);
    if (client.underWay < maxHandshakesOfClient) this.#start(handshake, client);
    else client.waiting.add(handshake);
  }

  #start(handshake: Handshake, client: ClientHandshakes): void {
    client.underWay += 1;
    const contexts = this.#contexts;
    handshake.start(contexts.initial(this.#options.now()), (name) => contexts.forName(name));
  }

  #leave(handshake: Handshake, clientKey: string, client: ClientHandshakes): void {
    if (!client.waiting.delete(handshake)) client.underWay -= 1;
    const [next] = client.waiting;
    if (next !== undefined && client.underWay < maxHandshakesOfClient) {
      client.waiting.delete(next);
      this.#start(next, client);
    } else if (client.underWay === 0) this.#clients.delete(clientKey);
  }

  #count(handshake: Handshake, secured: Duplex | null, late: boolean): void {
    if (secured !== null) this.counts[handshake.resumed ? 'resumed' : 'full'] += 1;
    else this.counts[late ? 'late' : 'failed'] += 1;
  }
}

interface ClientHandshakes {
  underWay: number;
  /** The oldest first. */
  readonly waiting: Set<Handshake>;
}

class Handshake implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #socket: Socket;
  /** Null: it has ended. */
  #ended: ((secured: Duplex | null, late: boolean) => void) | null;
  #tls: TLSSocket | null = null;
  #late = false;

  constructor(socket: Socket, ended: (secured: Duplex | null, late: boolean) => void) {
    this.#socket = socket;
    this.#ended = ended;
    // For the whole life of the socket: `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => this.#end(null));
  }

  get resumed(): boolean {
    return this.#tls?.isSessionReused() === true;
  }

  start(
    secureContext: ReturnType<ServerContexts['initial']>,
    contextFor: (name: string) => ReturnType<ServerContexts['forName']>,
  ): void {
    const tls = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext,
      ALPNProtocols: ['http/1.1'],
      SNICallback: (name, use) => use(null, contextFor(name) ?? undefined),
    });
    this.#tls = tls;
    tls.on('error', () => {});
    tls.once('close', () => this.#end(null));
    tls.once('secure', () => this.#end(tls));
  }

  #end(secured: TLSSocket | null): void {
    const ended = this.#ended;
    if (ended === null) return;
    this.#ended = null;
    ended(secured, this.#late);
  }

  onDeadline(): void {
    this.#late = true;
    (this.#tls ?? this.#socket).destroy();
  }
}
