/**
 * The reverse proxy: reads a request, has it decided, and forwards or refuses it. It holds no policy. A fault in one
 * request is that request's `internal_error`; nothing that a request does ends the process.
 */
import { randomUUID } from 'node:crypto';
import type { Address, ServerConfig } from '../../config/config.ts';
import { clientFacts, clientNetwork } from '../../core/forwarding/client-facts.ts';
import type { Decision } from '../../core/outcome/decision.ts';
import { type Reason, type ReasonCode, reasons } from '../../core/outcome/reasons.ts';
import type { RequestView } from '../../core/request/request-view.ts';
import type { ObserveRequest, RequestRecord } from '../../telemetry/request-record.ts';
import type { Forwarder } from '../../upstream/create-forwarder.ts';
import type { Deadlines } from '../../upstream/deadline-wheel.ts';
import type { Exchange, ExchangeHost } from '../../upstream/exchange.ts';
import type { ForwardedExchange, ForwardingContext } from '../../upstream/forward-request.ts';
import type { UpgradeExchange } from '../../upstream/forward-upgrade.ts';
import type { ClientConnection } from '../shared/client-connection.ts';
import { drainBody, endAfterBody, maxDrainBytes } from '../shared/drain-body.ts';
import { createHttpServer } from '../shared/http-server.ts';
import { writeRefusal } from '../shared/write-refusal.ts';
import { connectionRecord } from './connection-record.ts';
import { beyondLimits, readRequest } from './read-request.ts';

/** Everything that a reload replaces, made whole and swapped whole. */
export interface Gateway extends ForwardingContext {
  /** Never throws and never rejects. */
  decide(view: RequestView): Decision | Promise<Decision>;
}

export interface ProxyOptions {
  readonly server: ServerConfig;
  /** Asked once per request, so that a request sees one configuration from its start to its end. */
  gateway(): Gateway;
  readonly forwarder: Forwarder;
  readonly deadlines: Deadlines;
  readonly unreadMs?: number;
  readonly observe: ObserveRequest;
}

export interface ReverseProxy {
  /** Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(): Promise<Address>;
  readonly address: Address | null;
  /** Requests and upgraded connections that are not over. */
  readonly inFlight: number;
  /** For metrics: open client connections, requests on them, and upgraded ones. */
  connections(): number;
  requestsInFlight(): number;
  tunnels(): number;
  /** Lets requests in flight finish, for `timeoutMs` at most; resolves when every connection is closed. */
  drain(timeoutMs: number): Promise<void>;
}

/** Requests that one connection may have in flight: a client that pipelines without reading is cut off here. */
const maxPipelined = 100;

export function createProxy(options: ProxyOptions): ReverseProxy {
  const { forwarder, deadlines, observe } = options;
  const { limits, trustedProxies } = options.server;
  let inFlight = 0;

  function report(record: RequestRecord): void {
    try {
      observe(record);
    } catch (cause) {
      // Called from the depths of a socket's end: telemetry that fails may cost a line, never the process.
      process.emitWarning(cause instanceof Error ? cause : String(cause));
    }
  }

  const host: ExchangeHost = {
    get draining() {
      return server.draining;
    },
    refuse(exchange, reason) {
      const { req, res, decision } = exchange;
      const refused = decision?.outcome === 'refuse' ? decision : null;
      const rest = exchange.bodyPending;
      const ending = server.draining && exchange.from.latest === exchange;
      const close = ending || (rest && (exchange.bodyLength < 0 || exchange.bodyLength > maxDrainBytes));
      const closes = close || (reasons[reason] as Reason).closes === true;
      if (closes) exchange.from.closing = true;
      exchange.bytesOut = writeRefusal(res, exchange.method, {
        reason,
        errorId: exchange.errorId!,
        retryAfterS: refused?.retryAfterS ?? null,
        allow: refused?.allow ?? null,
        close,
      });
      exchange.status = res.statusCode;
      if (rest && closes) {
        endAfterBody(req, res, deadlines);
      } else {
        res.end();
        if (rest) drainBody(req, deadlines);
      }
    },
    drainBody: ({ req }) => drainBody(req, deadlines),
    ended(exchange) {
      inFlight -= 1;
      report(exchange);
      server.answered();
    },
  };

  function begin<E extends ForwardedExchange | UpgradeExchange>(exchange: E, from: ClientConnection): E {
    inFlight += 1;
    from.requestBegan(exchange);
    return exchange;
  }

  /** One request, from its reading to the start of its forwarding. */
  function serve(
    exchange: ForwardedExchange | UpgradeExchange,
    from: ClientConnection,
    early: ReasonCode | null,
  ): void {
    try {
      exchange.client = from.address;
      const reason = early ?? (from.inFlight > maxPipelined ? 'overloaded' : beyondLimits(exchange.req, limits));
      if (reason !== null) {
        exchange.fail(reason);
        return;
      }
      const gateway = options.gateway();
      const decision = gateway.decide(readRequest(exchange.req, clientOf(exchange, from)));
      if (decision instanceof Promise) {
        decision.then(
          (settled) => proceed(exchange, from, gateway, settled),
          (cause) => broken(exchange, cause),
        );
      } else {
        proceed(exchange, from, gateway, decision);
      }
    } catch (cause) {
      broken(exchange, cause);
    }
  }

  /** Whom lookups are counted for. Addresses of one IPv6 network are one client: it costs nothing to have them all. */
  function clientOf({ req }: Exchange, from: ClientConnection): string {
    if (!from.trusted) return from.network;
    return clientNetwork(clientFacts(from, '', req.rawHeaders, trustedProxies, () => '').client);
  }

  function proceed(
    exchange: ForwardedExchange | UpgradeExchange,
    from: ClientConnection,
    gateway: Gateway,
    decision: Decision,
  ): void {
    try {
      exchange.decidedAt = performance.now();
      exchange.decision = decision;
      const authority = decision.request?.authority ?? '';
      const facts = clientFacts(from, authority, exchange.req.rawHeaders, trustedProxies, randomUUID);
      exchange.client = facts.client;
      exchange.requestId = facts.requestId;
      // The client may have gone while the Auth API was asked.
      if (exchange.over) return;
      if (decision.outcome === 'allow') exchange.forward(decision, gateway, facts);
      else exchange.fail(decision.reason, decision.cause);
    } catch (cause) {
      broken(exchange, cause);
    }
  }

  const server = createHttpServer({
    address: options.server.listen,
    limits,
    trustedProxies,
    deadlines,
    ...(options.unreadMs === undefined ? {} : { unreadMs: options.unreadMs }),
    onRequest(req, res, from, expectation) {
      if (from.closing) {
        req.resume();
        return;
      }
      const exchange = begin(forwarder.begin(host, from, req, res, expectation === 'continue'), from);
      serve(exchange, from, expectation === 'unknown' ? 'expectation_failed' : null);
    },
    onUpgrade(req, socket, head, from) {
      if (from.closing) {
        socket.destroySoon();
        return;
      }
      const exchange = begin(forwarder.beginUpgrade(host, from, req, socket, head), from);
      serve(exchange, from, server.draining ? 'draining' : null);
    },
    onRefused: (refused) => report(connectionRecord(refused)),
  });

  return {
    listen: () => server.listen(),
    get address() {
      return server.address;
    },
    get inFlight() {
      return inFlight;
    },
    connections: () => server.connections,
    requestsInFlight: () => Math.max(0, inFlight - server.tunnels),
    tunnels: () => server.tunnels,
    drain: (timeoutMs) => server.drain(timeoutMs),
  };
}

/** A fault of ours. Should even the refusal fail, the connection is all that is lost. */
function broken(exchange: Exchange, cause: unknown): void {
  try {
    exchange.fail('internal_error', cause);
  } catch {
    exchange.req.socket.destroy();
  }
}
