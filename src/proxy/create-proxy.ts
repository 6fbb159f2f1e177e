/** Joins the HTTP server, the request line and what all requests share into the reverse proxy. */
import { TLSSocket } from 'node:tls';
import type { Address, ListenerConfig, ServerConfig } from '../config/config.ts';
import type { Deadlines } from '../http1/deadline-wheel.ts';
import { createHttp1Server } from '../http1/server/server.ts';
import { ClientBudgets } from '../http2/client-budgets.ts';
import { Http2Connection, type Http2Parts } from '../http2/connection.ts';
import { HeaderPort, type HeaderRefusal, noHeaders } from '../proxy-protocol/header-port.ts';
import { type Client, ClientConnections, clientOf, type ListenerRules } from '../request-line/client.ts';
import type { LoadShedder } from '../request-line/load-shedder.ts';
import { respondItself } from '../request-line/own-response.ts';
import { readView } from '../request-line/read-view.ts';
import { refuseConnection } from '../request-line/refuse-connection.ts';
import type { RequestRuntime, ServeParts } from '../request-line/runtime.ts';
import type { LoadReadings } from '../telemetry/metrics/load-metrics.ts';
import type { ObserveRequest } from '../telemetry/request-record.ts';
import { peerCertificate } from '../tls/client-certificate.ts';
import type { OpenTlsPort, TlsPort } from '../tls/tls-port.ts';
import { forwarding } from './exchange.ts';
import type { ExchangeParts } from './exchange-parts.ts';
import { IgnoredForwarding, type ReportIgnoredForwarding } from './ignored-forwarding.ts';
import { keepForm } from './keep-form.ts';
import { MemoryBudget } from './memory-budget.ts';
import { OpenStreams } from './open-streams.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

export interface ProxyOptions {
  readonly server: ServerConfig;
  /** Whether other processes of this gateway also listen at the address. */
  readonly shared?: boolean;
  /** Used until `use` sets another one. */
  readonly runtime: RequestRuntime;
  readonly deadlines: Deadlines;
  /** Of this process, for all of its entrypoints. */
  readonly shedder: Pick<LoadShedder, 'refuses' | 'refusesToWait'>;
  readonly observe: ObserveRequest;
  readonly forwardingIgnored: ReportIgnoredForwarding;
  /** A connection was closed because it does not begin as the PROXY protocol demands. */
  readonly headerRefused?: (refusal: HeaderRefusal, peer: string) => void;
  readonly openTlsPort: OpenTlsPort;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface ReverseProxy {
  /** For each address in turn. Rejects with the error of the system, such as `EADDRINUSE`. */
  listen(listener: ListenerConfig): Promise<Address>;
  readonly address: Address | null;
  /** Requests and tunnels that have not ended. */
  readonly inFlight: number;
  /** For metrics: open client connections, requests on them, and tunnels. */
  connections(): number;
  requestsInFlight(): number;
  tunnels(): number;
  load(): LoadReadings;
  /** Decides and forwards all later requests. */
  use(runtime: RequestRuntime): void;
  /** For later connections, by address, in the order of `listen`. Returns the files that are not used, because their certificates are not valid now. */
  useListeners(listeners: readonly ListenerConfig[]): readonly string[];
  /** Something was revoked: open streams are checked. */
  revoked(): void;
  /** A drain follows soon: until then requests are accepted, and responses announce the end of their connections. */
  announceEnd(): void;
  /** Lets requests in flight finish, for at most `timeoutMs`; resolves when every connection is closed. */
  drain(timeoutMs: number): Promise<void>;
}

export function createProxy(options: ProxyOptions): ReverseProxy {
  const { deadlines, shedder, observe, now = Date.now } = options;
  const { limits, trustedProxies } = options.server;
  const memory = new MemoryBudget(limits.bodyMemoryBytes);
  const streams = new OpenStreams(deadlines);
  const perClient = new ClientConnections(limits.connectionsPerClient);
  let refusedOfClient = 0;
  /** By address; null: without TLS. */
  const ports: (TlsPort | null)[] = [];
  const headerPorts: HeaderPort[] = [];
  const rules: (ListenerRules | null)[] = [];
  const covers = (host: string) => ports.some((port) => port?.covers(host) === true);

  const exchangeParts: ExchangeParts = {
    deadlines,
    now,
    streams,
    memory,
    shedder,
    bodyGraceMs: limits.bodyGraceMs,
    decideAgain(context) {
      const { runtime } = parts;
      return runtime.decide(readView(context, runtime, trustedProxies), runtime.policy, runtime.resolve);
    },
    mayBeRevoked(context, granted, atMs) {
      const { runtime } = parts;
      return runtime.mayBeRevoked?.(readView(context, runtime, trustedProxies), granted, atMs) ?? false;
    },
  };
  const parts: ServeParts = {
    runtime: options.runtime,
    limits,
    trustedProxies,
    get draining() {
      return server.draining;
    },
    shedder,
    usesUpstreams: true,
    forward: forwarding(exchangeParts),
    keepForm: (context, refused, runtime) => keepForm(context, refused, runtime, exchangeParts),
    respond: respondItself,
  };
  const requests = new RequestsInFlight(parts, observe, new IgnoredForwarding(options.forwardingIgnored));

  const http2: Http2Parts<Client> = {
    budgets: new ClientBudgets(limits.connectionsPerClient),
    headers: limits.headers,
    budgetKey: ({ trusted, network }) => (trusted ? null : network),
    onRequest: requests.begin,
    onFault: requests.refuse,
  };
  const server = createHttp1Server<Client>({
    limits: { ...limits, headBytes: limits.headerBytes, headTimeoutMs: limits.headersTimeoutMs },
    deadlines,
    accept(socket, secure, listener, address) {
      const client = clientOf(socket, trustedProxies, secure, rules[listener], address);
      if (client.trusted || perClient.opened(client.network)) return client;
      refusedOfClient += 1;
      return null;
    },
    onSecured(client, socket) {
      client.certificate = peerCertificate(socket);
    },
    clientKey: ({ network }) => network,
    defaultField: ({ listener }) => listener?.addedField ?? null,
    onRequest: requests.begin,
    refusal: (fault, client) => refuseConnection(fault, client, 'proxy', observe),
    hold: (bytes, { trusted, network }) => memory.take(bytes, trusted ? null : network) === null,
    release: (bytes, { trusted, network }) => memory.give(bytes, trusted ? null : network),
    onClose({ trusted, network }) {
      if (!trusted) perClient.closed(network);
    },
    openOther: (socket, client, host) =>
      socket instanceof TLSSocket && socket.alpnProtocol === 'h2'
        ? new Http2Connection(socket, client, host, http2)
        : null,
  });

  return {
    async listen(listener) {
      const { address, tls, http2, proxyProtocol } = listener;
      const port = tls === null ? null : options.openTlsPort(tls, http2 ? ['h2', 'http/1.1'] : ['http/1.1']);
      ports.push(port);
      rules.push(rulesOf(listener, covers));
      const preface = proxyProtocol
        ? new HeaderPort({ deadlines, trusts: trustedProxies, refused: options.headerRefused ?? (() => {}) })
        : undefined;
      if (preface !== undefined) headerPorts.push(preface);
      return await server.listen(address, options.shared ?? false, { preface, secure: port ?? undefined });
    },
    useListeners: (listeners) =>
      ports.flatMap((port, index) => {
        const listener = listeners[index];
        // An address without TLS has none until the next start, and the other way round.
        if (listener === undefined || (listener.tls === null) !== (port === null)) return [];
        rules[index] = rulesOf(listener, covers);
        return port === null || listener.tls === null ? [] : port.use(listener.tls);
      }),
    get address() {
      return server.address;
    },
    get inFlight() {
      return requests.count;
    },
    connections: () => server.connections,
    requestsInFlight: () => Math.max(0, requests.count - server.tunnels),
    tunnels: () => server.tunnels,
    load: () => ({
      refusedConnections: { total: server.dropped, client: refusedOfClient },
      endedConnections: server.ended,
      proxyHeaders: headerReadings(headerPorts),
      openStreams: streams.size,
      rechecks: streams.rechecks,
      bufferedBytes: memory.usedBytes,
      upstreams: [...parts.runtime.upstreams.all()].map(({ name, inFlight, admission }) => ({
        name,
        inFlight,
        waiting: admission.waiting,
        streams: admission.streams,
      })),
    }),
    use(runtime) {
      parts.runtime = runtime;
    },
    revoked: () => streams.revoked(),
    announceEnd: () => server.announceEnd(),
    async drain(timeoutMs) {
      const drained = server.drain(timeoutMs);
      requests.endTunnels();
      await drained;
    },
  };
}

function rulesOf(
  { strictTransportSecurity, redirectToHttps }: ListenerConfig,
  covers: (host: string) => boolean,
): ListenerRules | null {
  if (strictTransportSecurity === null && redirectToHttps === null) return null;
  return {
    httpsOnly: redirectToHttps === null ? null : { port: redirectToHttps, covers },
    addedField:
      strictTransportSecurity === null ? null : { name: 'strict-transport-security', value: strictTransportSecurity },
  };
}

function headerReadings(ports: readonly HeaderPort[]): LoadReadings['proxyHeaders'] {
  if (ports.length === 0) return null;
  const headers = { ...noHeaders };
  for (const { counts } of ports) {
    for (const outcome of Object.keys(counts) as (keyof typeof counts)[]) headers[outcome] += counts[outcome];
  }
  return headers;
}
