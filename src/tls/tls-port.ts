/**
 * TLS of a port. Each handshake is bounded by time, and computes when its first bytes have arrived: a few in each turn of the event loop,
 * while clients take turns, and some of one client at once. So a flood delays itself, and silent connections delay none. Certificates are
 * replaced as a whole; a handshake uses one set of them. Where clients are asked for a certificate, each handshake is a full one; other
 * authorities, other revocation lists, and the end of one, end the connections.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Deadline, Deadlines } from '../http1/deadline-wheel.ts';
import { peerCertificate } from './client-certificate.ts';
import { nextToExpire } from './revocation-lists.ts';
import { ServerContexts, type ServerTls } from './server-contexts.ts';

/** Handshakes of one client at once. */
export const maxHandshakesOfClient: number = 64;

/** Handshakes that begin in one turn of the event loop. Each computes for about a millisecond. */
const maxStartsAtOnce = 8;

/** The longest time of a timer. */
const maxTimerMs = 2 ** 31 - 1;

export interface TlsPortOptions {
  readonly deadlines: Deadlines;
  /** Longest time of a handshake, waiting included. */
  readonly timeoutMs: number;
  /** Of session tickets; the same in all processes. */
  readonly secret: string | Uint8Array;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What may be spoken afterwards (ALPN), the preferred one first; if unset, HTTP/1.1. */
  readonly protocols?: readonly Protocol[];
}

export type Protocol = 'http/1.1' | 'h2';

/** Opens a port with the settings and metrics of this process. */
export type OpenTlsPort = (tls: ServerTls, protocols?: readonly Protocol[]) => TlsPort;

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
  /** Those with a handshake that may start, in the order of their turns. */
  readonly #ready = new Set<ClientHandshakes>();
  /** Open connections after their handshake. */
  readonly #secured = new Set<Duplex>();
  #contexts: ServerContexts;
  #listEnd: NodeJS.Timeout | undefined;

  constructor(tls: ServerTls, options: TlsPortOptions) {
    this.#options = options;
    this.#contexts = new ServerContexts(tls, options.secret, null, options.now());
    this.#awaitListEnd();
  }

  get certificates(): ServerContexts['certificates'] {
    return this.#contexts.certificates;
  }

  get revocationList(): ServerContexts['revocationList'] {
    return this.#contexts.revocationList;
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
    const before = this.#contexts;
    this.#contexts = new ServerContexts(tls, this.#options.secret, before, this.#options.now());
    if (this.#contexts.verifies !== before.verifies) for (const socket of this.#secured) socket.destroy();
    this.#awaitListEnd();
    return this.#contexts.skipped;
  }

  /** Handshakes look at lists, so connections with a certificate end with a list: their next handshake sees that none is valid. */
  #awaitListEnd(): void {
    clearTimeout(this.#listEnd);
    const nowMs = this.#options.now();
    const endMs = nextToExpire(this.#contexts.lists, nowMs)?.expiresAtMs;
    if (endMs === undefined) return;
    const waitMs = Math.min(endMs - nowMs, maxTimerMs);
    this.#listEnd = setTimeout(() => {
      if (this.#options.now() >= endMs)
        for (const socket of this.#secured) if (peerCertificate(socket) !== null) socket.destroy();
      this.#awaitListEnd();
    }, waitMs).unref();
  }

  /** Calls `done` once: with the socket of the requests; or with null, after the end of the connection. */
  begin(socket: Socket, clientKey: string, done: Done): void {
    const client = this.#clients.get(clientKey) ?? { open: 0, underWay: 0, waiting: new Set() };
    this.#clients.set(clientKey, client);
    client.open += 1;
    const handshake = new Handshake(socket, {
      greeted: () => {
        client.waiting.add(handshake);
        this.#mayStart(client);
      },
      ended: (secured, late) => {
        this.#options.deadlines.cancel(handshake);
        if (secured !== null) this.#remember(secured, handshake.verifies);
        this.#count(handshake, secured, late);
        if (!client.waiting.delete(handshake) && handshake.started) client.underWay -= 1;
        client.open -= 1;
        if (client.open === 0) this.#clients.delete(clientKey);
        else this.#mayStart(client);
        done(secured);
      },
    });
    this.#options.deadlines.schedule(handshake, performance.now() + this.#options.timeoutMs);
  }

  /** It ends when clients are verified by something else, also if none was requested before. */
  #remember(secured: Duplex, verifies: string | null): void {
    this.#secured.add(secured);
    secured.once('close', () => this.#secured.delete(secured));
    if (verifies !== this.#contexts.verifies) secured.destroy();
  }

  #mayStart(client: ClientHandshakes): void {
    if (client.waiting.size === 0 || client.underWay >= maxHandshakesOfClient || this.#ready.has(client)) return;
    this.#ready.add(client);
    if (this.#ready.size === 1) setImmediate(this.#startSome);
  }

  /** Clients take turns. Between two calls, everything else of the process has its turn. */
  readonly #startSome = (): void => {
    const contexts = this.#contexts;
    const initial = contexts.initial(this.#options.now());
    for (let started = 0; started < maxStartsAtOnce; started += 1) {
      const [client] = this.#ready;
      if (client === undefined) return;
      this.#ready.delete(client);
      const [handshake] = client.waiting;
      if (handshake === undefined) continue;
      client.waiting.delete(handshake);
      client.underWay += 1;
      handshake.start({
        protocols: this.#options.protocols ?? ['http/1.1'],
        verifies: contexts.verifies,
        requires: contexts.requires,
        initial,
        forName: (name) => contexts.forName(name),
      });
      if (client.waiting.size > 0 && client.underWay < maxHandshakesOfClient) this.#ready.add(client);
    }
    if (this.#ready.size > 0) setImmediate(this.#startSome);
  };

  #count(handshake: Handshake, secured: Duplex | null, late: boolean): void {
    if (secured !== null) this.counts[handshake.resumed ? 'resumed' : 'full'] += 1;
    else this.counts[late ? 'late' : 'failed'] += 1;
  }
}

interface ClientHandshakes {
  /** All of its connections here. */
  open: number;
  underWay: number;
  /** The oldest first. */
  readonly waiting: Set<Handshake>;
}

interface HandshakeSettings extends Pick<ServerContexts, 'verifies' | 'requires' | 'forName'> {
  readonly protocols: readonly Protocol[];
  readonly initial: ReturnType<ServerContexts['initial']>;
}

interface HandshakeEvents {
  /** The first bytes have arrived. */
  readonly greeted: () => void;
  readonly ended: (secured: Duplex | null, late: boolean) => void;
}

class Handshake implements Deadline {
  deadlineAt = 0;
  earlier: Deadline | null = null;
  later: Deadline | null = null;
  readonly #socket: Socket;
  /** Null: it has ended. */
  #events: HandshakeEvents | null;
  #tls: TLSSocket | null = null;
  #late = false;
  /** What it verifies the client by; null: no certificate is requested. */
  verifies: string | null = null;

  constructor(socket: Socket, events: HandshakeEvents) {
    this.#socket = socket;
    this.#events = events;
    // For the whole life of the socket: `close` follows.
    socket.on('error', () => {});
    socket.once('close', () => this.#end(null));
    socket.once('readable', () => {
      // Half-open sockets do not close by themselves.
      if (socket.readableLength === 0) socket.destroy();
      else this.#events?.greeted();
    });
  }

  get started(): boolean {
    return this.#tls !== null;
  }

  get resumed(): boolean {
    return this.#tls?.isSessionReused() === true;
  }

  start({ protocols, verifies, requires, initial, forName }: HandshakeSettings): void {
    const tls = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext: initial,
      ALPNProtocols: [...protocols],
      requestCert: verifies !== null,
      rejectUnauthorized: requires,
      SNICallback: (name, use) => use(null, forName(name) ?? undefined),
    });
    this.verifies = verifies;
    this.#tls = tls;
    tls.on('error', () => {});
    tls.once('close', () => this.#end(null));
    // A client that leaves in the middle: half-open sockets do not close by themselves.
    const left = () => tls.destroy();
    tls.once('end', left);
    tls.once('secure', () => {
      tls.off('end', left);
      // As in sockets of a `tls.Server`: HTTP/2 would wait for the handshake of a client.
      Object.assign(tls, { secureConnecting: false });
      const certificate = requires ? peerCertificate(tls) : null;
      if (!requires || (certificate !== null && typeof certificate !== 'string')) this.#end(tls);
      else tls.destroy();
    });
  }

  #end(secured: TLSSocket | null): void {
    const events = this.#events;
    if (events === null) return;
    this.#events = null;
    events.ended(secured, this.#late);
  }

  onDeadline(): void {
    this.#late = true;
    (this.#tls ?? this.#socket).destroy();
  }
}
