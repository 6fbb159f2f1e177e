/** The HTTP servers of the Auth API: strict parsing, bounded sizes and times, and every response of ours. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { AuthApiLog } from '../events.ts';
import { Refusal, type RefusalCode, refusalKinds } from '../outcome/refusals.ts';
import { refusalOfClientError, refuseSocket } from './refuse-socket.ts';
import { writeRefusal } from './write-answer.ts';

export interface HttpLimits {
  /** Longest time for all headers of a request, and for a whole request, to arrive. */
  readonly headersTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** How often the times above are looked at. */
  readonly timeoutCheckMs: number;
  /** Connections at once; beyond it new ones are closed. */
  readonly connections: number;
}

export const defaultHttpLimits: HttpLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveTimeoutMs: 30_000,
  timeoutCheckMs: 1_000,
  connections: 4_096,
};

export interface HttpServer {
  /** Rejects when the address cannot be used; port 0 takes a free one, which the answer names. */
  listen(host: string, port: number): Promise<{ host: string; port: number }>;
  /** Takes no new connection, waits for answers under way as long as `graceMs`, then closes what is left. */
  close(graceMs: number): Promise<void>;
}

export interface HttpServerOptions {
  /** Responds to a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  readonly log: AuthApiLog;
  readonly limits: HttpLimits;
}

export function createHttpServer({ handle, log, limits }: HttpServerOptions): HttpServer {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckMs,
    // Node would refuse a missing Host without our headers; the handler does it.
    requireHostHeader: false,
    // Whatever the environment tells Node of parsers.
    httpValidation: 'strict',
  });
  server.maxConnections = limits.connections;
  // Node drops headers beyond a number silently; their bytes are bounded above, which is enough.
  server.maxHeadersCount = 0;
  const underWay = new Set<ServerResponse>();
  let closing = false;

  function track(response: ServerResponse): void {
    underWay.add(response);
    response.once('close', () => underWay.delete(response));
    if (closing) response.shouldKeepAlive = false;
  }

  function refuse(response: ServerResponse, code: RefusalCode): void {
    const errorId = writeRefusal(response, new Refusal(code));
    log.info({ errorId, operation: 'none', code, status: refusalKinds[code].status }, 'request refused');
  }

  function refuseBare(socket: Duplex, code: RefusalCode): void {
    const errorId = refuseSocket(socket, code);
    log.info({ errorId, operation: 'none', code, status: refusalKinds[code].status }, 'connection refused');
  }

  server.on('request', (request, response) => {
    track(response);
    void handle(request, response);
  });
  server.on('checkExpectation', (_request, response) => {
    track(response);
    refuse(response, 'expectation_failed');
  });
  server.on('connect', (_request, socket) => refuseBare(socket, 'method_unsupported'));
  server.on('clientError', (error, socket) => {
    const code = refusalOfClientError(error);
    const here = [...underWay].filter((response) => response.req.socket === socket);
    // Answers go out in the order of the requests: what broke waits until the whole requests before it are answered.
    const before = here.findLast((response) => response.req.complete);
    if (code === null || here.some((response) => !response.req.complete && response.headersSent)) socket.destroy();
    else if (before !== undefined) before.once('close', () => refuseBare(socket, code));
    else refuseBare(socket, code);
  });

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        const listening = () => {
          server.off('error', reject);
          const bound = server.address() as AddressInfo;
          resolve({ host: bound.address, port: bound.port });
        };
        if (host === '') server.listen(port, listening);
        else server.listen(port, host, listening);
      }),
    close: (graceMs) =>
      new Promise((resolve) => {
        closing = true;
        for (const response of underWay) response.shouldKeepAlive = false;
        if (!server.listening) return resolve();
        const force = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(force);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
