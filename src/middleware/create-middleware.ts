/**
 * The entrypoint inside an application: the request line of the proxy room decides requests before the application sees them, and refusals
 * are the proxy's. It does not listen.
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
import type { Client } from '../proxy/client.ts';
import type { Forward, Gateway } from '../proxy/gateway.ts';
import type { LoadShedder } from '../proxy/load-shedder.ts';
import type { outgoingRequest } from '../proxy/outgoing-request.ts';
import type { respondItself } from '../proxy/own-response.ts';
import type { reasonOfFault, refuseConnection } from '../proxy/refuse-connection.ts';
import type { RequestContext, RequestHost } from '../proxy/request-context.ts';
import type { serve } from '../proxy/serve.ts';
import type { withAssertion } from '../proxy/with-assertion.ts';
import type { ObserveRequest } from '../telemetry/request-record.ts';
import type { Grant } from './grant.ts';
import { NodeResponse } from './node-response.ts';
import { readRequest } from './read-request.ts';
import { showRequest } from './show-request.ts';

/** What the proxy room does for every entrypoint. */
export interface RequestLine {
  readonly serve: typeof serve;
  readonly withAssertion: typeof withAssertion;
  readonly outgoingRequest: typeof outgoingRequest;
  readonly respondItself: typeof respondItself;
  readonly reasonOfFault: typeof reasonOfFault;
  readonly refuseConnection: typeof refuseConnection;
  clientOf(socket: Socket): Client;
  newContext(
    host: RequestHost,
    request: ReturnType<typeof readRequest>['request'],
    response: NodeResponse,
    peer: Client,
  ): RequestContext<WholeResponse>;
}

export interface MiddlewareOptions {
  /** The current gateway. */
  gateway(): Gateway;
  readonly limits: { readonly headers: number; readonly targetBytes: number };
  readonly trustedProxies: TrustedProxies;
  readonly line: RequestLine;
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
  const { line, limits, trustedProxies, shedder, observe } = options;
  const clients = new WeakMap<Socket, Client>();
  let over = false;

  /** Responses in progress, by connection. */
  const underWay = new WeakMap<Socket, number>();

  const host: RequestHost = { entrypoint: 'middleware', ended: observe };

  function clientOf(socket: Socket): Client {
    const known = clients.get(socket);
    if (known !== undefined) return known;
    const made = line.clientOf(socket);
    clients.set(socket, made);
    return made;
  }

  /** Calls `pass` once the request is allowed and the application may see it; otherwise responds. */
  function decide(message: IncomingMessage, response: NodeResponse, pass: Pass, upgrades = false): void {
    const { request, fault } = readRequest(message);
    const context = line.newContext(host, request, response, clientOf(message.socket));
    if (fault !== null) context.fail(line.reasonOfFault(fault));
    else if (over) context.fail('draining');
    // It would be decided as a request without an upgrade.
    else if (upgrades && request.upgrade === 'other') context.fail('upgrade_unsupported');
    // A router mounted below a path would not serve what was decided.
    else if (isBelowPath(message))
      context.fail('internal_error', new Error('Rolegate has to be used at the root of the application'));
    else
      line.serve(context, {
        gateway: options.gateway(),
        limits,
        trustedProxies,
        draining: false,
        shedder,
        usesUpstreams: false,
        forward: passTo(message, response, line, pass),
        respond: line.respondItself,
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
    socket.write(line.refuseConnection(faultOf(error), clientOf(socket), 'middleware', observe), 'latin1');
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
function passTo(
  message: IncomingMessage,
  response: NodeResponse,
  line: RequestLine,
  pass: Pass,
): Forward<WholeResponse> {
  return (context, decision, { rules, assertion }, facts) => {
    const allow = () => {
      const seen = line.outgoingRequest(context, decision, rules, facts, { gatewaySecret: null });
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
    if (assertion !== null) return line.withAssertion(context, assertion, decision, allow);
    allow();
    return undefined;
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
