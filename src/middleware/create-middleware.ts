/**
 * The entrypoint inside an application: the request line decides requests before the application sees them, and refusals are the proxy's.
 * It does not listen.
 */
import { type IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Allow } from '../core/decision.ts';
import { appendCorsHeaders } from '../core/forwarding/cors.ts';
import type { TrustedProxies } from '../core/syntax/addresses.ts';
import { isNamed } from '../core/syntax/header-fields.ts';
import type { ConnectionFault } from '../http1/server/server.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import { type Client, clientOf } from '../request-line/client.ts';
import { completeRequest } from '../request-line/complete-request.ts';
import type { LoadShedder } from '../request-line/load-shedder.ts';
import { outgoingRequest } from '../request-line/outgoing-request.ts';
import { respondItself } from '../request-line/own-response.ts';
import { reasonOfFault, refuseConnection } from '../request-line/refuse-connection.ts';
import { RequestContext, type RequestHost } from '../request-line/request-context.ts';
import type { Forward, RequestRuntime } from '../request-line/runtime.ts';
import { serve } from '../request-line/serve.ts';
import type { ObserveRequest } from '../telemetry/request-record.ts';
import type { Grant } from './grant.ts';
import { NodeResponse } from './node-response.ts';
import { readRequest } from './read-request.ts';
import { showRequest } from './show-request.ts';

export interface MiddlewareOptions {
  /** The current one. */
  runtime(): RequestRuntime;
  readonly limits: { readonly headers: number; readonly targetBytes: number };
  readonly trustedProxies: TrustedProxies;
  readonly observe: ObserveRequest;
  readonly shedder: Pick<LoadShedder, 'refuses' | 'refusesToWait'>;
}

/** The part of a Fastify instance that the plugin uses. */
interface FastifyApplication {
  readonly server: object;
  addHook(
    name: 'onRequest',
    hook: (request: { readonly raw: IncomingMessage }, reply: unknown, done: (error?: Error) => void) => void,
  ): unknown;
}

/** The part of a Hono context that the middleware uses. `env` has the request if Hono runs on Node. */
interface HonoContext {
  readonly env: unknown;
  set(name: 'rolegate', grant: Grant): void;
}

export interface Middleware {
  /** Decides requests of this server before it emits them, including upgrades. Returns the server. */
  protect<S extends Server | TlsServer>(server: S): S;
  /** For `app.use`, at the root of the application and before its routes. */
  express(): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;
  /** A Fastify plugin that protects its server. A request that reaches the application in another way is an error. */
  fastify(app: FastifyApplication, options: unknown, done: () => void): void;
  /** For Hono on a server that is protected: sets `rolegate`. A request that reaches the application in another way is an error. */
  hono(): (context: HonoContext, next: () => Promise<void>) => Promise<void>;
  /** From now on every request is refused. */
  end(): void;
}

type Pass = () => void;

export function createMiddleware(options: MiddlewareOptions): Middleware {
  const { limits, trustedProxies, shedder, observe } = options;
  const clients = new WeakMap<Socket, Client>();
  let over = false;

  /** Responses in progress, by connection. */
  const underWay = new WeakMap<Socket, number>();

  const host: RequestHost = { entrypoint: 'middleware', ended: observe };

  function peerOf(socket: Socket): Client {
    const known = clients.get(socket);
    if (known !== undefined) return known;
    const client = clientOf(socket, trustedProxies);
    clients.set(socket, client);
    return client;
  }

  /** Calls `pass` once the request is allowed and the application may see it; otherwise responds. */
  function decide(message: IncomingMessage, response: NodeResponse, pass: Pass, upgrades = false): void {
    const { request, fault } = readRequest(message);
    const context = new RequestContext<WholeResponse>(host, request, response, peerOf(message.socket));
    if (fault !== null) context.fail(reasonOfFault(fault));
    else if (over) context.fail('draining');
    // It would be decided as a request without an upgrade.
    else if (upgrades && request.upgrade === 'other') context.fail('upgrade_unsupported');
    // A router mounted below a path would not serve what was decided.
    else if (isBelowPath(message))
      context.fail('internal_error', new Error('Rolegate has to be used at the root of the application'));
    else
      serve(context, {
        runtime: options.runtime(),
        limits,
        trustedProxies,
        draining: false,
        shedder,
        usesUpstreams: false,
        forward: passTo(message, response, pass),
        respond: respondItself,
      });
  }

  function onRequest(message: IncomingMessage, response: ServerResponse, pass: Pass): void {
    const { socket } = message;
    underWay.set(socket, (underWay.get(socket) ?? 0) + 1);
    response.once('close', () => underWay.set(socket, underWay.get(socket)! - 1));
    decide(message, new NodeResponse(response), pass);
  }

  /** Node has released the connection, with `message` as the last request on it. */
  function onUpgrade(message: IncomingMessage, socket: Socket, pass: Pass): void {
    const response = new ServerResponse(message);
    response.shouldKeepAlive = false;
    try {
      response.assignSocket(socket);
    } catch {
      // An earlier response is in progress on it, such as one that Node writes itself.
      socket.destroy();
      return;
    }
    response.once('finish', () => socket.destroySoon());
    const ignore = () => {};
    socket.on('error', ignore);
    const own = new NodeResponse(response);
    const handOver = () => {
      response.detachSocket(socket);
      socket.off('error', ignore);
      own.handOver();
      pass();
    };
    decide(message, own, handOver, true);
  }

  /** Bytes that Node does not accept as a request. During a response, another one would be read as part of it. */
  function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || (underWay.get(socket) ?? 0) > 0) {
      socket.destroy(error);
      return;
    }
    socket.write(refuseConnection(faultOf(error), peerOf(socket), 'middleware', observe), 'latin1');
    socket.destroySoon();
  }

  function protect<S extends Server | TlsServer>(server: S): S {
    const known: unknown = server;
    if (!(known instanceof Server || known instanceof TlsServer))
      throw new TypeError('expected a server of node:http or node:https');
    const emit = server.emit.bind(server) as (event: string | symbol, ...args: unknown[]) => boolean;
    server.emit = (event: string | symbol, ...args: unknown[]) => {
      const pass = () => void emit(event, ...args);
      if (event === 'request' || event === 'checkContinue' || event === 'checkExpectation')
        onRequest(args[0] as IncomingMessage, args[1] as ServerResponse, pass);
      else if (event === 'upgrade' || event === 'connect')
        onUpgrade(args[0] as IncomingMessage, args[1] as Socket, pass);
      else if (event === 'clientError') onClientError(args[0] as Error, args[1] as Socket);
      else return emit(event, ...args);
      return true;
    };
    return server;
  }

  const fastify: Middleware['fastify'] = (app, _options, done) => {
    protect(app.server as Server);
    app.addHook('onRequest', (request, _reply, next) => {
      if (request.raw.rolegate === undefined) next(new Error(undecided));
      else next();
    });
    done();
  };

  return {
    protect,
    express: () => (message, response, next) => onRequest(message, response, () => next()),
    // Its hook then applies to the whole application (https://fastify.dev/docs/latest/Reference/Plugins/#handle-the-scope).
    fastify: Object.assign(fastify, { [Symbol.for('skip-override')]: true }),
    hono: () => async (context, next) => {
      const grant = (context.env as { readonly incoming?: IncomingMessage } | undefined)?.incoming?.rolegate;
      if (grant === undefined) throw new Error(undecided);
      context.set('rolegate', grant);
      await next();
    },
    end() {
      over = true;
    },
  };
}

/** The framework has removed a part of the path, and restores it later. Express shows this in `baseUrl`, others do not. */
function isBelowPath(
  message: IncomingMessage & { readonly baseUrl?: unknown; readonly originalUrl?: unknown },
): boolean {
  const { url, baseUrl = '', originalUrl = url } = message;
  return baseUrl !== '' || originalUrl !== url;
}

/** By the codes of Node's parser and server. */
function faultOf({ code = '' }: NodeJS.ErrnoException): ConnectionFault {
  if (code === 'HPE_HEADER_OVERFLOW') return 'head_too_large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'timeout';
  return /CONTENT_LENGTH|TRANSFER_ENCODING/.test(code) ? 'framing' : 'malformed';
}

const undecided = 'Rolegate has not decided this request: it did not come through a server that it protects';

/** The application sees an allowed request as a service would receive it. */
function passTo(message: IncomingMessage, response: NodeResponse, pass: Pass): Forward<WholeResponse> {
  return (context, decision, runtime, facts) => {
    const { rules } = runtime;
    const allow = () => {
      const seen = outgoingRequest(context, decision, rules, facts, {
        gatewaySecret: null,
        announces: false,
        host: 'keep',
      });
      if (typeof seen === 'string') {
        context.fail(seen);
        return;
      }
      const { route, identity, stale } = decision;
      const grant = { route: route.id, identity, stale, client: facts.client, requestId: facts.requestId };
      response.addHeaders([...headersOfRoute(decision, context.request.rawHeaders), ...context.returned]);
      showRequest(message, seen.path, [...seen.headers, ...framing(context.request.rawHeaders, seen.upgrade)], grant);
      // Later, so that an exception of the application is not an error of the decision.
      process.nextTick(pass);
    };
    return completeRequest(context, runtime, decision, allow);
  };
}

/** Connection headers that announce a body or another protocol to the application. */
function framing(rawHeaders: readonly string[], upgrade: boolean): string[] {
  const kept: string[] = upgrade ? ['connection', 'Upgrade'] : [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (isNamed(rawHeaders[i]!, 'transfer-encoding')) kept.push(rawHeaders[i]!, rawHeaders[i + 1]!);
  }
  return kept;
}

/** Headers that the route adds to responses; the application can replace them. */
function headersOfRoute({ route }: Allow, rawHeaders: readonly string[]): string[] {
  const out = route.response === null ? [] : route.response.added.flat();
  if (route.cors !== null) appendCorsHeaders(out, route.cors, rawHeaders);
  return out;
}
