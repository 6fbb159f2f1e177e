/**
 * The external authorizer: another proxy asks about each request, and forwards it or sends our refusal. It runs the request line of
 * the proxy room and differs in how it reads, by dialect, and in how it finishes.
 */
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { AuthorizerConfig, ServerConfig } from '../config/config.ts';
import type { RequestView } from '../core/request/request-view.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import { type Deadlines, DeadlineWheel } from '../http1/deadline-wheel.ts';
import type { Request } from '../http1/server/request.ts';
import type { Response } from '../http1/server/response.ts';
import { createHttp1Server, type ListenAddress, type Server } from '../http1/server/server.ts';
import type { Client } from '../proxy/client.ts';
import type { Gateway } from '../proxy/gateway.ts';
import type { LoadShedder } from '../proxy/load-shedder.ts';
import type { refuseConnection } from '../proxy/refuse-connection.ts';
import type { RequestContext, RequestHost } from '../proxy/request-context.ts';
import type { serve } from '../proxy/serve.ts';
import type { withAssertion } from '../proxy/with-assertion.ts';
import type { ObserveRequest, RequestRecord } from '../telemetry/request-record.ts';
import { mayConnect, takeSecret } from './callers.ts';
import { allowedMs, CheckDeadline } from './check-deadline.ts';
import { type Endpoint, endpointsOf, findEndpoint, finishCheck } from './endpoints.ts';
import type { ManagedName } from './managed-headers.ts';
import { readCheck } from './read-check.ts';
import { allowGroup, removeStaleSocket } from './unix-socket.ts';

/** What decides, with the headers that responses manage. */
export interface Deciding extends Gateway {
  readonly managed: readonly ManagedName[];
}

/** What the proxy room does for every entrypoint. */
export interface RequestLine {
  readonly serve: typeof serve;
  readonly refuseConnection: typeof refuseConnection;
  readonly withAssertion: typeof withAssertion;
  clientOf(socket: Socket, trustedProxies: TrustedProxies): Client;
  newContext(host: RequestHost, request: Request, response: Response, peer: Client): RequestContext;
}

export interface AuthorizerOptions {
  readonly gateway: Deciding;
  readonly settings: AuthorizerConfig;
  readonly limits: ServerConfig['limits'];
  /** Asked anew for each check, so that a reload counts. */
  readonly trustedProxies: TrustedProxies;
  /** Whether other processes of this gateway listen at the same address. */
  readonly shared: boolean;
  /** Of connections. */
  readonly deadlines: Deadlines;
  readonly line: RequestLine;
  readonly observe: ObserveRequest;
  /** Turns a part of the checks away while the process falls behind. */
  readonly shedder: Pick<LoadShedder, 'start' | 'stop' | 'refuses'>;
  /** A caller that may not ask, by the address that it has; empty: it came through the Unix socket. */
  turnedAway(why: 'peer' | 'secret', address: string): void;
}

export interface Authorizer {
  /** Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(address: ListenAddress): Promise<ListenAddress>;
  /** Checks from now on are decided by this one. `settings` null: they stay. */
  use(gateway: Deciding, settings: AuthorizerConfig | null): void;
  /** Lets checks finish, for `timeoutMs` at most. */
  drain(timeoutMs: number): Promise<void>;
}

/** Beside the client's own headers a check has the fields of its dialect. */
const fieldBytes = 4096;
/** Bytes that come before their turn, of all connections together: proxies send one check at a time. */
const mostHeldBytes = 1024 * 1024;
/** Deadlines of checks are short: late by a few milliseconds at most. */
const tickMs = 5;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { limits, line, shedder, trustedProxies } = options;
  const deadlines = new DeadlineWheel(tickMs);
  /** Of checks that wait for the source. */
  const waiting = new Map<RequestContext, CheckDeadline>();
  let { settings } = options;
  let endpoints = endpointsOf(settings.dialects);
  let held = 0;

  function report(record: RequestRecord): void {
    try {
      options.observe(record);
    } catch (cause) {
      process.emitWarning(cause instanceof Error ? cause : String(cause));
    }
  }

  function ended(context: RequestContext): void {
    waiting.get(context)?.cancel();
    waiting.delete(context);
    report(context);
  }

  const parts = {
    gateway: deciding(options.gateway),
    limits,
    trustedProxies,
    newRequestId: randomUUID,
    sheds: () => shedder.refuses(),
    congested: () => false,
    get draining(): boolean {
      return server.draining;
    },
  };

  function take(endpoint: Endpoint | null, request: Request, response: Response, peer: Client): RequestContext {
    const { dialect, refusesOnly } = endpoint ?? { dialect: null, refusesOnly: false };
    const writeRefusal = refusesOnly ? undefined : dialect?.writeVerdict;
    const name = dialect?.name ?? 'none';
    const host = { ended, dialect: { name, ...(writeRefusal === undefined ? {} : { writeRefusal }) } };
    return line.newContext(host, request, response, peer);
  }

  function check(received: Request, response: Response, caller: Client): void {
    const found = findEndpoint(endpoints, received.target);
    const endpoint = found?.endpoint ?? null;
    // Once more: a reload may have dropped the peer of a connection that is kept.
    const isPeer = mayConnect(caller.address, settings.peers);
    const rawHeaders = isPeer ? takeSecret(received.rawHeaders, settings.secret) : null;
    if (rawHeaders === null) {
      options.turnedAway(isPeer ? 'secret' : 'peer', caller.address);
      take(endpoint, received, response, caller).break();
      return;
    }
    if (found === null) {
      take(null, received, response, caller).fail('route_not_found');
      return;
    }
    const read = readCheck(found.endpoint.dialect, received, rawHeaders, found.rest, trustedProxies);
    if (read === null) {
      take(endpoint, received, response, caller).fail('check_invalid');
      return;
    }
    const context = take(endpoint, read.request, response, read.peer);
    line.serve(context, { ...parts, finish: finishCheck(found.endpoint, parts.gateway.managed, line.withAssertion) });
    if (context.over || response.ended) return;
    const atMs = context.startedAt + allowedMs(read.waitsMs, settings.timeoutMs);
    waiting.set(context, new CheckDeadline(deadlines, atMs, () => context.fail('auth_timeout')));
  }

  const server: Server = createHttp1Server<Client>({
    limits: { ...limits, headBytes: limits.headerBytes + fieldBytes, headTimeoutMs: limits.headersTimeoutMs },
    deadlines: options.deadlines,
    accept(socket) {
      const caller = line.clientOf(socket, () => false);
      if (mayConnect(caller.address, settings.peers)) return caller;
      options.turnedAway('peer', caller.address);
      return null;
    },
    onRequest: check,
    refusal: (fault, caller) => line.refuseConnection(fault, caller, 'authorizer', report),
    hold(bytes) {
      if (held + bytes > mostHeldBytes) return false;
      held += bytes;
      return true;
    },
    release(bytes) {
      held -= bytes;
    },
    onClose() {},
  });

  return {
    async listen(address) {
      shedder.start();
      if (address.path === undefined) return await server.listen(address, options.shared);
      await removeStaleSocket(address.path);
      const bound = await server.listen(address, false);
      await allowGroup(address.path);
      return bound;
    },
    use(next, changed) {
      parts.gateway = deciding(next);
      if (changed === null) return;
      settings = changed;
      endpoints = endpointsOf(settings.dialects);
    },
    async drain(timeoutMs) {
      await server.drain(timeoutMs);
      shedder.stop();
    },
  };
}

/** A client without an address meets no condition on one, and is no client that limits could count. */
function deciding(gateway: Deciding): Deciding {
  return {
    ...gateway,
    decide(view: RequestView) {
      if (view.address !== '') return gateway.decide(view, gateway.policy, gateway.resolve);
      const { client: _, ...rest } = view;
      return gateway.decide({ ...rest, address: null }, gateway.policy, gateway.resolve);
    },
  };
}
