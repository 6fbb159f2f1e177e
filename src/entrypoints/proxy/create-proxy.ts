/**
 * The reverse proxy: reads a request, has it decided, and forwards or refuses it. It holds no policy. A fault in one
 * request is that request's `internal_error`; nothing that a request does ends the process.
 */
import { randomUUID } from 'node:crypto';
import type { Address, ServerConfig } from '../../config/config.ts';
import type { Allow, Decision } from '../../core/decision.ts';
import { clientAddress, clientFacts, clientNetwork } from '../../core/forwarding/client-facts.ts';
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import type { RequestView } from '../../core/request/request-view.ts';
import type { LoadReadings } from '../../telemetry/load-gauges.ts';
import type { ObserveRequest, RequestRecord } from '../../telemetry/request-record.ts';
import type { Forwarder } from '../../upstream/create-forwarder.ts';
import type { Deadlines } from '../../upstream/deadline-wheel.ts';
import type { Exchange, ExchangeHost } from '../../upstream/exchange.ts';
import type { ForwardedExchange, ForwardingContext } from '../../upstream/forward-request.ts';
import type { UpgradeExchange } from '../../upstream/forward-upgrade.ts';
import { type ClientConnection, clientConnection } from '../shared/client-connection.ts';
import { createHttpServer } from '../shared/http-server.ts';
import { LoadShedder } from '../shared/load-shedder.ts';
import { connectionRecord } from './connection-record.ts';
import { createExchangeHost } from './exchange-host.ts';
import { beyondLimits, readRequest } from './read-request.ts';

/** Everything that a reload replaces, made whole and swapped whole. */
export interface Gateway extends ForwardingContext {
  /** Never throws and never rejects. */
  decide(view: RequestView): Decision | Promise<Decision>;
  /**
   * Whether what was granted to a request at `atMs` (milliseconds since the epoch) may have been revoked since: a cheap
   * look, for then the request is decided again. Left out: nothing is ever revoked.
   */
  mayBeRevoked?(view: RequestView, granted: Allow, atMs: number): boolean;
}

export interface ProxyOptions {
  readonly server: ServerConfig;
  /** Whether other processes of this gateway listen at the same address. */
  readonly shared?: boolean;
  /** Asked once per request, so that a request sees one configuration from its start to its end. */
  gateway(): Gateway;
  readonly forwarder: Forwarder;
  readonly deadlines: Deadlines;
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
  load(): LoadReadings;
  /** Something was revoked: open streams are looked at. */
  revoked(): void;
  /** Lets requests in flight finish, for `timeoutMs` at most; resolves when every connection is closed. */
  drain(timeoutMs: number): Promise<void>;
}

/** Requests that one connection may have in flight: a client that pipelines without reading is cut off here. */
const maxPipelined = 100;

export function createProxy(options: ProxyOptions): ReverseProxy {
  const { forwarder, deadlines, observe } = options;
  const { limits, trustedProxies } = options.server;
  const shedder = new LoadShedder(limits.eventLoopLagMs);
  /** Upgraded connections, and those that want to be. */
  const upgrades = new Set<Exchange>();
  let inFlight = 0;

  function report(record: RequestRecord): void {
    try {
      observe(record);
    } catch (cause) {
      // Called from the depths of a socket's end: telemetry that fails may cost a line, never the process.
      process.emitWarning(cause instanceof Error ? cause : String(cause));
    }
  }

  const host: ExchangeHost = createExchangeHost({
    deadlines,
    draining: () => server.draining,
    decideAgain(exchange) {
      const gateway = options.gateway();
      return gateway.decide(viewOf(exchange, gateway));
    },
    mayBeRevoked(exchange, granted, atMs) {
      const gateway = options.gateway();
      return gateway.mayBeRevoked?.(viewOf(exchange, gateway), granted, atMs) ?? false;
    },
    ended(exchange) {
      inFlight -= 1;
      if (exchange.door === 'upgrade') upgrades.delete(exchange);
      report(exchange);
      server.answered();
    },
  });

  function begin<E extends ForwardedExchange | UpgradeExchange>(exchange: E, from: ClientConnection): E {
    inFlight += 1;
    from.requestBegan(exchange);
    return exchange;
  }

  function endWith(exchange: ForwardedExchange, from: ClientConnection): void {
    if (limits.requestsPerConnection === 0 || from.requests < limits.requestsPerConnection) return;
    from.final = exchange;
    server.ended.requests += 1;
  }

  /** One request, from its reading to the start of its forwarding. */
  function serve(
    exchange: ForwardedExchange | UpgradeExchange,
    from: ClientConnection,
    early: ReasonCode | null,
  ): void {
    try {
      exchange.client = from.address;
      const gateway = options.gateway();
      const reason = early ?? beyondLimits(exchange.req, limits) ?? tooMuch(from, gateway);
      if (reason !== null) {
        exchange.fail(reason);
        return;
      }
      const view = viewOf(exchange, gateway);
      exchange.party = view.client ?? from.network;
      const decision = gateway.decide(view);
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

  /** Whether a request is turned away before it costs anything. */
  function tooMuch(from: ClientConnection, { upstreams }: Gateway): ReasonCode | null {
    if (from.inFlight > maxPipelined || shedder.refuses()) return 'overloaded';
    return upstreams.congested ? 'upstream_busy' : null;
  }

  /** Lookups are counted for a network: addresses of one IPv6 network are one client, as it costs nothing to have them all. */
  function viewOf({ req }: Exchange, { rules }: Gateway): RequestView {
    const from = clientConnection(req.socket, trustedProxies);
    if (!from.trusted) return readRequest(req, from.network, from.address);
    const address = clientAddress(from, req.rawHeaders, trustedProxies, rules.forwardedHeaders);
    return readRequest(req, address === null ? from.network : clientNetwork(address), address);
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
      const facts = clientFacts(
        from,
        authority,
        exchange.req.rawHeaders,
        trustedProxies,
        randomUUID,
        gateway.rules.forwardedHeaders,
      );
      exchange.client = facts.client;
      exchange.requestId = facts.requestId;
      // The client may have gone while the Auth API was asked.
      if (exchange.over) return;
      if (decision.outcome === 'allow') exchange.forward(decision, gateway, facts);
      else if (decision.outcome === 'preflight') host.answerPreflight(exchange, decision.headers);
      else exchange.fail(decision.reason, decision.cause);
    } catch (cause) {
      broken(exchange, cause);
    }
  }

  const server = createHttpServer({
    address: options.server.listen,
    shared: options.shared ?? false,
    limits,
    trustedProxies,
    deadlines,
    onRequest(req, res, from, expectation) {
      if (from.closing || from.final !== null) {
        req.resume();
        return;
      }
      const exchange = begin(forwarder.begin(host, from, req, res, expectation === 'continue'), from);
      endWith(exchange, from);
      // Node drops what came in one piece with a request whose upgrade is ignored: where the next one begins, nobody knows.
      if (req.headers.upgrade !== undefined) from.final = exchange;
      serve(exchange, from, expectation === 'unknown' ? 'expectation_failed' : null);
    },
    onPlainRequest(req, res, from) {
      const exchange = begin(forwarder.begin(host, from, req, res, false), from);
      endWith(exchange, from);
      serve(exchange, from, null);
    },
    onUpgrade(req, socket, head, from) {
      if (from.closing || from.final !== null) {
        socket.destroySoon();
        return;
      }
      const exchange = begin(forwarder.beginUpgrade(host, from, req, socket, head), from);
      upgrades.add(exchange);
      serve(exchange, from, server.draining ? 'draining' : null);
    },
    onRefused: (refused) => report(connectionRecord(refused)),
  });

  return {
    async listen() {
      const bound = await server.listen();
      shedder.start();
      return bound;
    },
    get address() {
      return server.address;
    },
    get inFlight() {
      return inFlight;
    },
    connections: () => server.connections,
    requestsInFlight: () => Math.max(0, inFlight - server.tunnels),
    tunnels: () => server.tunnels,
    load: () => ({
      refusedConnections: server.refused,
      endedConnections: server.ended,
      openStreams: forwarder.openStreams,
      rechecks: forwarder.rechecks,
      bufferedBytes: forwarder.bufferedBytes,
      lagMs: shedder.lagMs,
      shedShare: shedder.share,
      upstreams: [...options.gateway().upstreams.all()].map(({ name, inFlight, admission }) => ({
        name,
        inFlight,
        waiting: admission.waiting,
      })),
    }),
    revoked: () => forwarder.revoked(),
    async drain(timeoutMs) {
      const drained = server.drain(timeoutMs);
      // Tunnels end at once, with a word to both sides; requests may finish.
      for (const upgrade of [...upgrades]) (upgrade as UpgradeExchange).endAccess('draining');
      await drained;
      shedder.stop();
    },
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
