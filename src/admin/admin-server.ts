/**
 * The operator's port: metrics, health, the table of routes and the reload, on an address of its own that no route
 * leads to.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Address } from '../config/config.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { Refused } from './answer.ts';
import { answerRequest, pathOf } from './answer-request.ts';
import { createEndpoints, type EndpointSources } from './endpoints.ts';
import { keepNewestConnections } from './newest-connections.ts';
import { refusalText, writeRefused, writeShown } from './write-answer.ts';

export interface AdminOptions extends EndpointSources {
  readonly address: Address;
  /** Further host names under which operators reach the port, in lower case; asked for each request. */
  hostNames(): readonly string[];
  /** The token of operators, asked for each request; null: everyone may read, nobody may change anything. */
  token(): string | null;
  /** For the log. */
  refused?(refusal: AdminRefusal): void;
}

export interface AdminRefusal {
  readonly reason: ReasonCode;
  readonly errorId: string;
  /** Empty when there was no request. */
  readonly method: string;
  /** One that exists, or `(none)`: paths that callers make up may hold anything. */
  readonly endpoint: string;
  /** What went wrong inside, if that was it. */
  readonly cause: unknown;
}

export interface AdminServer {
  /** Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(): Promise<Address>;
  close(): Promise<void>;
}

const limits = { headerBytes: 8192, headersMs: 5_000, requestMs: 10_000, idleMs: 10_000, connections: 256 } as const;
/** Longest wait for answers that are being written when the port closes. */
const closingMs = 1_000;

export function createAdminServer(options: AdminOptions): AdminServer {
  const ownName = options.address.host.toLowerCase();
  const endpoints = createEndpoints(options);
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: limits.idleMs,
    // Checked by `checkCaller`, with our answer.
    requireHostHeader: false,
    httpValidation: 'strict',
  });
  keepNewestConnections(server, limits.connections);
  server.maxHeadersCount = 0;
  server.timeout = limits.requestMs + limits.idleMs;
  const refuse = (req: IncomingMessage, res: ServerResponse, answer: Refused) => {
    const errorId = randomUUID();
    writeRefused(res, answer, errorId);
    const path = pathOf(req);
    const endpoint = endpoints.has(path) ? path : '(none)';
    options.refused?.({ reason: answer.refused, errorId, method: req.method ?? '', endpoint, cause: answer.cause });
  };
  const respond = async (req: IncomingMessage, res: ServerResponse) => {
    const rules = { hostNames: [ownName, ...options.hostNames()], token: options.token() };
    const answer = await answerRequest(req, endpoints, rules);
    if (answer === null) res.destroy();
    else if ('refused' in answer) refuse(req, res, answer);
    else writeShown(res, answer);
  };
  server.on('request', (req, res) => {
    respond(req, res).catch((error: unknown) => {
      if (res.headersSent) res.destroy();
      else refuse(req, res, { refused: 'internal_error', cause: error });
    });
  });
  const unmet = (req: IncomingMessage, res: ServerResponse) => refuse(req, res, { refused: 'expectation_failed' });
  server.on('checkContinue', unmet);
  server.on('checkExpectation', unmet);
  /** Without a parsed request there is no answer object, only the socket. */
  const refuseSocket = (socket: Duplex, reason: ReasonCode | null, method: string) => {
    socket.on('error', () => socket.destroy());
    if (reason === null || !socket.writable) return void socket.destroy();
    const errorId = randomUUID();
    socket.end(refusalText(reason, errorId), 'latin1', () => socket.destroy());
    options.refused?.({ reason, errorId, method, endpoint: '(none)', cause: undefined });
  };
  server.on('connect', (_, socket) => refuseSocket(socket, 'method_unsupported', 'CONNECT'));
  server.on('clientError', (error, socket) => refuseSocket(socket, reasonOfParserError(error), ''));

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        const { host, port } = options.address;
        server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
          server.off('error', reject);
          const bound = server.address() as AddressInfo;
          resolve({ host: bound.address, port: bound.port });
        });
      }),
    close: () =>
      new Promise((resolve) => {
        // Node closes idle connections by itself.
        const timer = setTimeout(() => server.closeAllConnections(), closingMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}

/** What an error of Node's parser means for the caller; null: nothing can or need be said. */
function reasonOfParserError(error: Error): ReasonCode | null {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  // The caller ended its side within a request: it is gone, or wants no response.
  if (code === 'HPE_INVALID_EOF_STATE') return null;
  return code.startsWith('HPE_') ? 'request_malformed' : null;
}
