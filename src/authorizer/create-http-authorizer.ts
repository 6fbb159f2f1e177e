/**
 * The external authorizer over HTTP: another proxy checks each request, and forwards it or sends our refusal. The form of checks and
 * successes is its dialect.
 */
import type { AuthorizerConfig, ServerConfig } from '../config/config.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import type { ListenAddress } from '../http1/server/listen.ts';
import type { Request } from '../http1/server/request.ts';
import type { Response } from '../http1/server/response.ts';
import { createHttp1Server, type Server } from '../http1/server/server.ts';
import { type Client, clientOf } from '../request-line/client.ts';
import { refuseConnection } from '../request-line/refuse-connection.ts';
import type { OpenTlsPort } from '../tls/tls-port.ts';
import { type IsSecret, listenWithGroup, mayConnect, secretOf, takeSecret } from './callers.ts';
import { type Checked, type CheckRuntime, type ChecksOptions, createChecks } from './checks.ts';
import { type Endpoint, type Endpoints, endpointsOf, findEndpoint } from './dialects.ts';
import { readCheck } from './read-check.ts';

/** Options of an entrypoint for checks, over HTTP or gRPC. */
export interface CheckServerOptions extends ChecksOptions {
  /** Whether other processes of this gateway also listen at the address. */
  readonly shared: boolean;
  /** Of connections. */
  readonly deadlines: Deadlines;
  readonly openTlsPort: OpenTlsPort;
  /** A caller that is not allowed, by its address; empty: it used the Unix socket. */
  turnedAway(why: 'peer' | 'secret', address: string): void;
}

export interface CheckServer {
  /** Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(address: ListenAddress): Promise<ListenAddress>;
  /**
   * Decides all later checks with it. `settings` null: unchanged. Returns the files that are not used, because their certificates are not
   * valid now.
   */
  use(runtime: CheckRuntime, settings: AuthorizerConfig | null): readonly string[];
  /** Lets checks finish, for at most `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
}

/** Besides the client's own headers, a check has the fields of its dialect. */
const fieldBytes = 4096;
/** Maximum early bytes of all connections together: proxies send one check at a time. */
const maxHeldBytes = 1024 * 1024;

export function createHttpAuthorizer(options: CheckServerOptions): CheckServer {
  const { trustedProxies, observe } = options;
  const limits: ServerConfig['limits'] = options.limits;
  const checks = createChecks(options);
  let endpoints: Endpoints = new Map();
  let isSecret: IsSecret | null = null;
  let bytesInUse = 0;
  const { tls } = options.settings;
  const port = tls === null ? null : options.openTlsPort(tls);
  read(options.settings);

  function read(settings: AuthorizerConfig): void {
    endpoints = endpointsOf(settings.dialects);
    isSecret = secretOf(settings);
  }

  function take(endpoint: Endpoint | null, request: Request, response: Response, peer: Client): Checked {
    const { dialect, refusesOnly } = endpoint ?? { dialect: null, refusesOnly: false };
    const writeRefusal = refusesOnly ? undefined : dialect?.writeVerdict;
    const name = dialect?.name ?? 'none';
    return checks.take({ name, ...(writeRefusal === undefined ? {} : { writeRefusal }) }, request, response, peer);
  }

  function check(received: Request, response: Response, caller: Client): void {
    const match = findEndpoint(endpoints, received.target);
    const endpoint = match?.endpoint ?? null;
    // Checked again: a reload may have removed the peer of an open connection.
    const isPeer = mayConnect(caller.address, checks.settings.peers);
    const rawHeaders = isPeer ? takeSecret(received.rawHeaders, isSecret) : null;
    if (rawHeaders === null) {
      options.turnedAway(isPeer ? 'secret' : 'peer', caller.address);
      take(endpoint, received, response, caller).break();
      return;
    }
    if (match === null) {
      const taken = take(null, { ...received, rawHeaders }, response, caller);
      if (!checks.showPage(taken)) taken.fail('route_not_found');
      return;
    }
    const reading = readCheck(match.endpoint.dialect, received, rawHeaders, match.rest, trustedProxies);
    if (reading === null) {
      take(endpoint, received, response, caller).fail('check_invalid');
      return;
    }
    checks.serve(take(endpoint, reading.request, response, reading.peer), reading, {
      refusesOnly: match.endpoint.refusesOnly,
      allow({ request, response: allowed }, managed) {
        const headers = match.endpoint.dialect.allow(managed);
        const close = request.body === null ? [] : ['connection', 'close'];
        allowed.writeHead(200, null, ['cache-control', 'no-store', ...headers, 'content-length', '0', ...close]);
        allowed.end();
      },
    });
  }

  const server: Server = createHttp1Server<Client>({
    limits: { ...limits, headBytes: limits.headerBytes + fieldBytes, headTimeoutMs: limits.headersTimeoutMs },
    deadlines: options.deadlines,
    accept(socket) {
      // A proxy, so no request has its address as that of a client. Its own TLS says nothing of that of the client.
      const caller = clientOf(socket, () => true);
      if (mayConnect(caller.address, checks.settings.peers)) return caller;
      options.turnedAway('peer', caller.address);
      return null;
    },
    clientKey: ({ network }) => network,
    onRequest: check,
    refusal: (fault, caller) => refuseConnection(fault, caller, 'authorizer', observe),
    hold(bytes) {
      if (bytesInUse + bytes > maxHeldBytes) return false;
      bytesInUse += bytes;
      return true;
    },
    release(bytes) {
      bytesInUse -= bytes;
    },
    onClose() {},
  });

  return {
    listen: (address) =>
      listenWithGroup(address, (place) => server.listen(place, options.shared, { secure: port ?? undefined })),
    use(runtime, settings) {
      checks.use(runtime, settings ?? checks.settings);
      if (settings === null) return [];
      read(settings);
      return port === null || settings.tls === null ? [] : port.use(settings.tls);
    },
    async drain(timeoutMs) {
      checks.beginDrain();
      await server.drain(timeoutMs);
    },
  };
}
