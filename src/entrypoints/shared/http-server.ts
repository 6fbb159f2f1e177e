/**
 * Where requests come in: Node's server with its strict parser, its limits set, and everything that Node would answer
 * by itself taken over, so that each answer carries our headers.
 */
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Address, ServerConfig } from '../../config/config.ts';
import type { TrustedProxies } from '../../core/syntax/addresses.ts';
import type { Deadlines } from '../../upstream/deadline-wheel.ts';
import { type ClientConnection, clientConnection } from './client-connection.ts';
import { ClientLedger } from './client-ledger.ts';
import type { EndedConnections } from './ended-connections.ts';
import { IncomingRequest } from './incoming-request.ts';
import type { PlainAnswer } from './plain-answer.ts';
import { PlainConnection, type PlainDoor } from './plain-connection.ts';
import type { PlainRequest } from './plain-request.ts';
import { type RefusedConnection, refuseClientError, refuseConnection } from './refuse-connection.ts';
import { stopListening } from './stop-listening.ts';
import { UnreadWatch } from './unread-watch.ts';

export interface HttpServerOptions {
  readonly address: Address;
  /** Whether other processes of this gateway listen there too. */
  readonly shared?: boolean;
  readonly limits: ServerConfig['limits'];
  readonly trustedProxies: TrustedProxies;
  readonly deadlines: Deadlines;
  /** `expectation`: the client waits for `100 Continue`, or for something that nobody knows. */
  onRequest(req: IncomingRequest, res: ServerResponse, from: ClientConnection, expectation: Expectation): void;
  /** A plain request. Left out: there are none, and everything goes through `node:http`. */
  onPlainRequest?(req: PlainRequest, res: PlainAnswer, from: ClientConnection): void;
  /** A WebSocket upgrade. Every other upgrade arrives as an ordinary request. */
  onUpgrade(req: IncomingRequest, socket: Socket, head: Buffer, from: ClientConnection): void;
  onRefused(refused: RefusedConnection): void;
}

export type Expectation = 'none' | 'continue' | 'unknown';

export interface HttpServer {
  /** Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(): Promise<Address>;
  /** Null while not listening. */
  readonly address: Address | null;
  readonly draining: boolean;
  /** Open client connections, upgraded ones included. */
  readonly connections: number;
  /** Upgraded connections. */
  readonly tunnels: number;
  /** Connections that were closed at once, by the limit that they exceeded. */
  readonly refused: { readonly total: number; readonly client: number };
  readonly ended: EndedConnections;
  /**
   * Takes whoever waits to be accepted, stops listening, closes idle connections, and waits for the others; those that are
   * left after the time are destroyed. Resolves when none is left.
   */
  drain(timeoutMs: number): Promise<void>;
  /** An answer is out; while draining, its connection may be closed now. */
  answered(): void;
}

export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { limits, trustedProxies, deadlines } = options;
  const timeouts = [limits.headersTimeoutMs, limits.requestTimeoutMs].filter((ms) => ms > 0);
  const server = createServer({
    IncomingMessage: IncomingRequest,
    ServerResponse,
    maxHeaderSize: limits.headerBytes,
    // Node demands that the first is not longer than the second.
    headersTimeout: timeouts.length === 2 ? Math.min(...timeouts) : limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, ...timeouts.map((ms) => Math.max(50, ms / 4))) | 0,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Checked by the first stage, on the raw headers and with our answer.
    requireHostHeader: false,
    // Whatever the environment tells Node of parsers (test/security/parser-flag.test.ts).
    httpValidation: 'strict',
    optimizeEmptyRequests: true,
    noDelay: true,
    // Behind an answer that is still to come it is no upgrade: the socket is not free for a tunnel yet.
    shouldUpgradeCallback: (req) => isWebSocket(req) && from(req.socket).inFlight === 0,
  });
  server.maxConnections = limits.connections;
  // A client that ends its side after a request still gets the answer; how long it is waited for is the exchange's.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  // No limit of Node's, which would drop headers silently; `headerBytes` bounds them, and more than allowed is a 431.
  server.maxHeadersCount = 0;
  // Time without a byte in either direction.
  server.timeout = limits.unreadTimeoutMs;

  const upgraded = new Set<Socket>();
  const ledger = new ClientLedger(limits.connectionsPerClient);
  const refused = { total: 0, client: 0 };
  const ended: EndedConnections = { idle: 0, requests: 0, unread: 0 };
  const unread = new UnreadWatch(limits.unreadTimeoutMs, ended);
  let connections = 0;
  let draining = false;
  let address: Address | null = null;
  const from = (socket: Socket) => clientConnection(socket, trustedProxies);

  // Node's own listener, which makes a connection one of `node:http`.
  const [takeOver] = server.listeners('connection') as [(this: Server, socket: Socket) => void];
  server.removeAllListeners('connection');
  const { onPlainRequest } = options;
  const plain = new Set<PlainConnection>();
  const door: PlainDoor | null =
    onPlainRequest === undefined
      ? null
      : {
          deadlines,
          maxHeadBytes: limits.headerBytes,
          silentMs: Math.min(1_000, ...timeouts.map((ms) => ms / 4)),
          keepAliveMs: idleMs(limits),
          keepAliveLines: keepAliveLines(limits.keepAliveTimeoutMs),
          ended,
          onRequest: onPlainRequest,
          takeOver: (socket) => takeOver.call(server, socket),
        };
  const endIdlePlain = () => {
    for (const connection of [...plain]) connection.endIdle();
  };

  server.on('drop', () => {
    refused.total += 1;
  });
  server.on('connection', (socket) => {
    connections += 1;
    const connection = from(socket);
    if (!connection.trusted) {
      connection.holder = ledger.connected(connection.network);
      if (connection.holder === null) refused.client += 1;
    }
    socket.once('close', () => {
      connections -= 1;
      unread.remove(socket);
      if (connection.holder !== null) ledger.disconnected(connection.network, connection.holder);
    });
    if (!connection.trusted && connection.holder === null) {
      socket.destroy();
      return;
    }
    unread.add(socket);
    // Before Node's own listener.
    socket.once('end', () => connection.ended());
    if (door === null) takeOver.call(server, socket);
    else new PlainConnection(socket, connection, door, plain);
  });
  server.on('request', (req, res) => options.onRequest(req, res, from(req.socket), 'none'));
  server.on('checkContinue', (req, res) => {
    const exact = req.headers.expect?.toLowerCase() === '100-continue';
    options.onRequest(req, res, from(req.socket), exact ? 'continue' : 'unknown');
  });
  server.on('checkExpectation', (req, res) => options.onRequest(req, res, from(req.socket), 'unknown'));
  server.on('upgrade', (req, stream, head) => {
    // The socket itself: Node wraps it only for upgrades with a body, which `isWebSocket` has turned away.
    const socket = stream as Socket;
    upgraded.add(socket);
    // Whoever is slow at the end of a tunnel holds back the other end, and nothing piles up here.
    unread.remove(socket);
    socket.once('close', () => upgraded.delete(socket));
    options.onUpgrade(req, socket, head, from(req.socket));
  });
  server.on('timeout', (socket) => {
    // An answer may be long in coming, and whether what has come is taken is looked at elsewhere.
    if (socket.writableLength > 0 || from(socket).inFlight > 0) return;
    ended.idle += 1;
    socket.destroy();
  });
  server.on('connect', (req, socket) => {
    const connection = from(req.socket);
    // Node has let go of the socket, so the answers before this one may never go out. A refusal in their place would be
    // taken for one of them: only a break is safe.
    if (connection.inFlight > 0) {
      connection.abandon();
      return;
    }
    const about = { method: 'CONNECT', cause: null };
    options.onRefused(refuseConnection(socket, 'method_unsupported', connection, deadlines, about));
  });
  server.on('clientError', (error, socket) => {
    const known = socket as Socket;
    refuseClientError(error, known, from(known), deadlines, options.onRefused);
  });

  return {
    get address() {
      return address;
    },
    get draining() {
      return draining;
    },
    get connections() {
      return connections;
    },
    get tunnels() {
      return upgraded.size;
    },
    refused,
    ended,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        const { host, port } = options.address;
        server.listen({ port, reusePort: options.shared === true, ...(host === '' ? {} : { host }) }, () => {
          server.off('error', reject);
          const bound = server.address() as AddressInfo;
          address = { host: bound.address, port: bound.port };
          resolve(address);
        });
      }),
    drain: (timeoutMs) =>
      new Promise((resolve) => {
        draining = true;
        if (address === null) return resolve();
        address = null;
        const timer = setTimeout(() => {
          server.closeAllConnections();
          for (const { socket } of plain) socket.destroy();
          for (const socket of upgraded) socket.destroy();
        }, timeoutMs);
        stopListening(server, () => {
          server.close(() => {
            clearTimeout(timer);
            resolve();
          });
          endIdlePlain();
        });
      }),
    answered() {
      if (!draining) return;
      setImmediate(() => {
        server.closeIdleConnections();
        endIdlePlain();
      });
    },
  };
}

/** As Node waits: a second more than it says, or as long as for a byte. */
function idleMs({ keepAliveTimeoutMs, unreadTimeoutMs }: ServerConfig['limits']): number {
  if (keepAliveTimeoutMs > 0) return keepAliveTimeoutMs + 1_000;
  return unreadTimeoutMs > 0 ? unreadTimeoutMs : Number.POSITIVE_INFINITY;
}

/** As Node writes them. */
function keepAliveLines(timeoutMs: number): string {
  const hint = timeoutMs > 0 ? `keep-alive: timeout=${Math.floor(timeoutMs / 1000)}\r\n` : '';
  return `connection: keep-alive\r\n${hint}`;
}

/** The one upgrade there is. With a body it is none: its bytes would be taken for the tunnel's. */
function isWebSocket(req: IncomingMessage): boolean {
  const { headers } = req;
  return (
    req.method === 'GET' &&
    req.httpVersionMinor === 1 &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  );
}
