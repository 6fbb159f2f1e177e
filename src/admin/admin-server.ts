/** The operator's port: metrics, health, the table of routes and the reload, on its own address, to which no route leads. */
import type { IncomingMessage } from 'node:http';
import type { Address, AdminToken } from '../config/config.ts';
import { clientNetwork } from '../core/forwarding/client-address.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { SecurePort } from '../operations/http-server.ts';
import { Refusal } from '../operations/refusal.ts';
import { type OperationEnd, serveOperations } from '../operations/serve-operations.ts';
import { type AdminSources, adminOperations } from './admin-operations.ts';
import { adminReasons } from './admin-reasons.ts';
import { checkCaller, findToken } from './check-caller.ts';
import type { AdminServices } from './operation.ts';

export interface AdminOptions extends AdminSources, AdminServices {
  readonly address: Address;
  /** Further host names of the port, in lower case; read for each request. */
  hostNames(): readonly string[];
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
  /** Without `secure`, connections have no TLS. Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(secure?: SecurePort | null): Promise<Address>;
  close(): Promise<void>;
}

const limits = {
  headerBytes: 8192,
  headersTimeoutMs: 5_000,
  requestTimeoutMs: 10_000,
  keepAliveTimeoutMs: 10_000,
  timeoutCheckMs: 1_000,
  connections: 256,
};
/** No caller has a reason to send more. */
const maxBodyBytes = 64 * 1024;
/** Maximum wait for responses in progress when the port closes. */
const closingMs = 1_000;

/** A response is never cached, sniffed, or readable by another site. */
const headers = Object.entries({
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
}).flat();

export function createAdminServer(options: AdminOptions): AdminServer {
  const ownName = options.address.host.toLowerCase();

  function note(request: IncomingMessage | null, end: OperationEnd<AdminServices, ReasonCode>): void {
    const { match, refusal, errorId, change } = end;
    const endpoint = match?.path ?? '(none)';
    if (refusal !== null && errorId !== null) {
      const { code: reason, detail } = refusal;
      options.refused?.({ reason, errorId, method: request?.method ?? '', endpoint, cause: detail.cause });
    }
    if (change !== null && match?.operation != null) {
      const { status } = match.operation;
      options.changed?.({ endpoint, status, client: request?.socket.remoteAddress ?? '', by: change.by });
    }
  }

  const server = serveOperations<AdminServices, ReasonCode>({
    operations: adminOperations(options),
    services: options,
    table: adminReasons,
    limits,
    maxBodyBytes,
    headers,
    absoluteForm: false,
    targetInvalid: 'route_not_found',
    admit(request, match) {
      const stranger = checkCaller(request, [ownName, ...options.hostNames()]);
      if (stranger !== null) return new Refusal(stranger);
      // Only the holder of a token learns which paths exist.
      const access = match?.any.credential.kind;
      const tokens: readonly AdminToken[] = options.tokens();
      if (access === 'open' || access === 'signed' || tokens.length === 0) return null;
      const token = findToken(request.rawHeaders, tokens);
      return typeof token === 'string' ? new Refusal(token) : null;
    },
    clientOf: ({ socket }) => ({ ip: clientNetwork(socket.remoteAddress ?? ''), userAgent: '', language: 'en' }),
    failure: (cause) => new Refusal('internal_error', { cause }),
    begin: (request) => (end) => note(request, end),
    refused: note,
  });
  return { listen: (secure) => server.listen(options.address, secure), close: () => server.close(closingMs) };
}
