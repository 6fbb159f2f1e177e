/**
 * The operator's port: metrics, health, and the table of routes, on an address of its own that no route leads to.
 * It only shows; nothing can be changed through it.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Address } from '../../config/config.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import { rawRefusal } from '../shared/write-refusal.ts';
import { checkCaller } from './check-caller.ts';
import { answer, createEndpoints, type EndpointSources } from './endpoints.ts';
import { writeRefusal } from './write-answer.ts';

export interface AdminOptions extends EndpointSources {
  readonly address: Address;
  /** Further host names under which operators reach the port, in lower case. */
  readonly hostNames?: readonly string[];
  /** An answer could not be made; for the log. */
  failed?(error: unknown): void;
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
  const ownNames = [options.address.host.toLowerCase(), ...(options.hostNames ?? [])];
  const endpoints = createEndpoints(options);
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: limits.idleMs,
    // Checked by `checkCaller`, with our answer.
    requireHostHeader: false,
  });
  server.maxConnections = limits.connections;
  server.maxHeadersCount = 0;
  server.timeout = limits.requestMs + limits.idleMs;
  server.on('request', (req, res) => {
    const refusal = checkCaller(req.rawHeaders, req.httpVersion, ownNames);
    if (refusal !== null) return writeRefusal(res, refusal);
    answer(req, res, endpoints).catch((error: unknown) => {
      options.failed?.(error);
      if (res.headersSent) res.destroy();
      else writeRefusal(res, 'internal_error');
    });
  });
  const unmet = (_: IncomingMessage, res: ServerResponse) => writeRefusal(res, 'expectation_failed');
  server.on('checkContinue', unmet);
  server.on('checkExpectation', unmet);
  server.on('connect', (_, socket) => refuseSocket(socket, 'method_unsupported'));
  server.on('clientError', (error, socket) => refuseSocket(socket, reasonOf(error)));

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

function reasonOf(error: Error): ReasonCode {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'request_malformed';
}

/** Without a parsed request there is no answer object, only the socket. */
function refuseSocket(socket: Duplex, reason: ReasonCode): void {
  socket.on('error', () => socket.destroy());
  if (!socket.writable) return void socket.destroy();
  socket.end(rawRefusal(reason, randomUUID()), 'latin1', () => socket.destroy());
}
