/** The operator's port: metrics, health, the table of routes and the reload, on its own address, to which no route leads. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Address, AdminToken } from '../config/config.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { createHttpServer, type HttpLimits } from '../operations/http-server.ts';
import { type OutgoingResponse, writeResponse } from '../operations/write-response.ts';
import { findToken } from './check-caller.ts';
import { createEndpoints, type EndpointSources, endpointName } from './endpoints.ts';
import { judgeRequest, pathOf } from './judge-request.ts';
import { type Refused, refusalResponse, shownResponse } from './responses.ts';

export interface AdminOptions extends EndpointSources {
  readonly address: Address;
  /** Further host names of the port, in lower case; read for each request. */
  hostNames(): readonly string[];
  /** Admin tokens, read for each request; empty: anyone may read, and nothing can be changed. */
  tokens(): readonly AdminToken[];
  /** For the log. */
  refused?(refusal: AdminRefusal): void;
  /** Something was changed: for the log. */
  changed?(change: AdminChange): void;
}

export interface AdminChange {
  readonly endpoint: string;
  readonly status: number;
  /** Address of the caller. The body is not included, because it may contain a secret. */
  readonly client: string;
  /** Name of the caller's token; null: it has none, and the body is signed. */
  readonly by: string | null;
}

export interface AdminRefusal {
  readonly reason: ReasonCode;
  readonly errorId: string;
  /** Empty without a request. */
  readonly method: string;
  /** An existing one, or `(none)`: other paths may contain anything. */
  readonly endpoint: string;
  /** The internal cause, if any. */
  readonly cause: unknown;
}

export interface AdminServer {
  /** Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(): Promise<Address>;
  close(): Promise<void>;
}

const limits: HttpLimits = {
  headerBytes: 8192,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 10_000,
  timeoutCheckMs: 1_000,
  connections: 256,
};
/** Maximum wait for responses in progress when the port closes. */
const closingMs = 1_000;

export function createAdminServer(options: AdminOptions): AdminServer {
  const ownName = options.address.host.toLowerCase();
  const endpoints = createEndpoints(options);

  function refuse(refused: Refused, request: IncomingMessage | null): OutgoingResponse {
    const errorId = randomUUID();
    const path = request === null ? '' : pathOf(request);
    const endpoint = endpointName(path, endpoints);
    options.refused?.({
      reason: refused.refused,
      errorId,
      method: request?.method ?? '',
      endpoint,
      cause: refused.cause,
    });
    return refusalResponse(refused, errorId);
  }

  function reportChange(request: IncomingMessage, status: number): void {
    const endpoint = endpointName(pathOf(request), endpoints);
    const { access } = endpoints.get(endpoint)!;
    if (access !== 'write' && access !== 'signed') return;
    const held = access === 'signed' ? 'signed' : findToken(request.rawHeaders, options.tokens());
    const by = typeof held === 'string' ? null : held.name;
    options.changed?.({ endpoint, status, client: request.socket.remoteAddress ?? '', by });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const rules = { hostNames: [ownName, ...options.hostNames()], tokens: options.tokens() };
      const judged = await judgeRequest(request, endpoints, rules);
      if (judged === null) {
        response.destroy();
        return;
      }
      if (!('refused' in judged)) reportChange(request, judged.status);
      writeResponse(response, 'refused' in judged ? refuse(judged, request) : shownResponse(judged));
    } catch (error) {
      if (response.headersSent) response.destroy();
      else writeResponse(response, refuse({ refused: 'internal_error', cause: error }, request));
    }
  }

  const server = createHttpServer({ limits, handle, refuse: (fault, request) => refuse({ refused: fault }, request) });
  return { listen: () => server.listen(options.address), close: () => server.close(closingMs) };
}
