/**
 * A server on `node:http`, for the admin port and the Auth API: strict parsing, bounds for sizes, times and connections, and only our own
 * responses.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { clientNetwork } from '../core/forwarding/client-address.ts';
import { nodeHttp } from '../http1/grammar/node-http.ts';
import type { TlsPort } from '../tls/tls-port.ts';
import { keepNewestConnections } from './newest-connections.ts';
import { type OutgoingResponse, writeResponse, writeToSocket } from './write-response.ts';

export interface HttpLimits {
  /** All headers of a request together. */
  readonly headerBytes: number;
  /** Maximum time for all headers of a request, and for a whole request, to arrive. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How often the times above are checked. */
  readonly timeoutCheckMs: number;
  /** Maximum connections; beyond it, the oldest one without a complete request in progress is closed. */
  readonly connections: number;
}

/** Why a request is refused before it is handled. */
export type Fault =
  | 'expectation_failed'
  | 'headers_too_large'
  | 'method_unsupported'
  | 'request_malformed'
  | 'request_timeout';

export interface HttpServerOptions {
  readonly limits: HttpLimits;
  /** Responds to a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** The response to a request that is refused here. `request`: null if it could not be parsed. */
  refuse(fault: Fault, request: IncomingMessage | null): OutgoingResponse;
}

export interface HttpServer {
  /**
   * Without `secure`, connections have no TLS. Rejects with the error of the system, such as `EADDRINUSE`; port 0 chooses a free one.
   * Resolves to the bound address.
   */
  listen(
    address: { readonly host: string; readonly port: number },
    secure?: SecurePort | null,
  ): Promise<{ host: string; port: number }>;
  /** Accepts no new connections, waits up to `graceMs` for responses in progress, then closes all connections. */
  close(graceMs: number): Promise<void>;
}

/** Makes connections secure before their first request. */
export type SecurePort = Pick<TlsPort, 'begin'>;

export function createHttpServer({ handle, refuse, limits }: HttpServerOptions): HttpServer {
  const server = nodeHttp.createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckMs,
    // Node would refuse a missing Host without our headers; handlers do it.
    requireHostHeader: false,
    // Regardless of parser settings in the environment.
    httpValidation: 'strict',
  });
  // Node drops headers beyond a number silently; their bytes are bounded above, which is enough.
  server.maxHeadersCount = 0;
  // Ends a connection whose client does not read.
  server.timeout = limits.requestTimeoutMs + limits.keepAliveTimeoutMs;
  keepNewestConnections(server, limits.connections);
  const underWay = new Set<ServerResponse>();
  let closing = false;
  /** What accepts connections. */
  let listener: Server = server;

  function track(response: ServerResponse): void {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (closing) response.shouldKeepAlive = false;
  }

  function refuseSocket(socket: Duplex, fault: Fault, request: IncomingMessage | null): void {
    socket.on('error', () => socket.destroy());
    if (socket.writable) writeToSocket(socket, refuse(fault, request));
    else socket.destroy();
  }

  server.on('request', (request, response) => {
    track(response);
    void handle(request, response);
  });
  server.on('checkExpectation', (request, response) => {
    track(response);
    writeResponse(response, refuse('expectation_failed', request));
  });
  server.on('connect', (request, socket) => refuseSocket(socket, 'method_unsupported', request));
  server.on('clientError', (error, socket) => {
    const fault = faultOf(error);
    const here = [...underWay].filter((response) => response.req.socket === socket);
    // Responses go out in the order of the requests: the refusal waits for those to the whole requests before it.
    const before = here.findLast((response) => response.req.complete);
    if (fault === null || here.some((response) => !response.req.complete && response.headersSent)) socket.destroy();
    else if (before !== undefined) before.once('close', () => refuseSocket(socket, fault, null));
    else refuseSocket(socket, fault, null);
  });

  return {
    listen: ({ host, port }, secure = null) =>
      new Promise((resolve, reject) => {
        if (secure !== null)
          listener = securely(secure, limits.connections, (socket) => server.emit('connection', socket));
        listener.once('error', reject);
        listener.listen({ port, ...(host === '' ? {} : { host }) }, () => {
          listener.off('error', reject);
          // Node begins to check the times of requests with this event of its own server.
          if (secure !== null) server.emit('listening');
          const bound = listener.address() as AddressInfo;
          resolve({ host: bound.address, port: bound.port });
        });
      }),
    close: (graceMs) =>
      new Promise((resolve) => {
        closing = true;
        for (const response of underWay) response.shouldKeepAlive = false;
        if (!listener.listening) return resolve();
        const force = setTimeout(() => server.closeAllConnections(), graceMs);
        listener.close(() => {
          clearTimeout(force);
          resolve();
        });
        // It also ends the checks of times.
        if (listener !== server) server.close();
        server.closeIdleConnections();
      }),
  };
}

/** Connections whose handshake is not complete are bounded in favor of the newest, as those of `keepNewestConnections`. */
function securely(secure: SecurePort, maxHandshakes: number, secured: (socket: Duplex) => void): Server {
  const handshakes = new Set<Socket>();
  // A client that ends its side after a request still gets the response.
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const [oldest] = handshakes;
    if (handshakes.size >= maxHandshakes) oldest?.destroy();
    handshakes.add(socket);
    secure.begin(socket, clientNetwork(socket.remoteAddress ?? ''), (done) => {
      handshakes.delete(socket);
      if (done !== null) secured(done);
    });
  });
}

/** The meaning of an error of Node's parser or timers; null: the client is gone, or expects no response. */
function faultOf({ code = '' }: NodeJS.ErrnoException): Fault | null {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  if (code === 'HPE_HEADER_OVERFLOW' || code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'headers_too_large';
  // The client ended its side within a request.
  if (code === 'HPE_INVALID_EOF_STATE') return null;
  return code.startsWith('HPE_') ? 'request_malformed' : null;
}
