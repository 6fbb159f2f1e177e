/** Open connections and the effect of limits, read at each scrape, so that requests pay nothing for them. */
import type { Registry } from 'prom-client';
import { readingsIn } from './readings.ts';

export interface ServerReadings {
  connections(): number;
  requestsInFlight(): number;
  tunnels(): number;
  load(): LoadReadings;
}

export interface LoadReadings {
  readonly refusedConnections: { readonly total: number; readonly client: number };
  readonly endedConnections: {
    readonly idle: number;
    readonly requests: number;
    readonly unread: number;
    readonly lingering: number;
  };
  /** Connections that must begin with a header of the PROXY protocol, by outcome; null: none must. */
  readonly proxyHeaders: Readonly<Record<string, number>> | null;
  readonly openStreams: number;
  readonly rechecks: { readonly kept: number; readonly ended: number; readonly unknown: number };
  readonly bufferedBytes: number;
  readonly upstreams: readonly {
    readonly name: string;
    readonly inFlight: number;
    readonly waiting: number;
    readonly streams: number;
  }[];
}

/** Of the process, which may have several entrypoints or none for clients. */
export interface ShedderReadings {
  readonly lagMs: number;
  readonly busy: number;
  readonly share: number;
}

const noLoad: LoadReadings = {
  refusedConnections: { total: 0, client: 0 },
  endedConnections: { idle: 0, requests: 0, unread: 0, lingering: 0 },
  proxyHeaders: null,
  openStreams: 0,
  rechecks: { kept: 0, ended: 0, unknown: 0 },
  bufferedBytes: 0,
  upstreams: [],
};

/** `server` null: it does not listen yet. `shedder` null: the process serves no requests. */
export function createLoadMetrics(
  registry: Registry,
  server: () => ServerReadings | null,
  shedder: () => ShedderReadings | null,
): void {
  const read = readingsIn(registry);
  const load = () => server()?.load() ?? noLoad;
  read.gauge(
    'rolegate_requests_in_flight',
    'Requests that are being served now.',
    () => server()?.requestsInFlight() ?? 0,
  );
  read.gauge(
    'rolegate_tunnels_open',
    'Upgraded connections (WebSocket) that are open now.',
    () => server()?.tunnels() ?? 0,
  );
  read.gauge(
    'rolegate_connections_open',
    'Connections of clients that are open now.',
    () => server()?.connections() ?? 0,
  );
  read.counterPer(
    'limit',
    'rolegate_connections_refused_total',
    'Connections that were closed at once, by the limit that they exceeded: total or client.',
    () => Object.entries(load().refusedConnections),
  );
  read.counterPer(
    'limit',
    'rolegate_connections_ended_total',
    'Connections that reached a limit and were closed: idle, requests, unread or lingering.',
    () => Object.entries(load().endedConnections),
  );
  read.counterPer(
    'outcome',
    'rolegate_proxy_protocol_headers_total',
    'Connections that must begin with a header of the PROXY protocol: client, or own (of the proxy itself). Closed ones: peer (not trusted), missing, malformed, too_long, late, cut (it ended within the header) or silent (without a byte).',
    () => Object.entries(load().proxyHeaders ?? {}),
  );
  read.gauge(
    'rolegate_streams_open',
    'WebSockets, event streams and long transfers whose access is watched.',
    () => load().openStreams,
  );
  read.counterPer(
    'outcome',
    'rolegate_stream_rechecks_total',
    'Times that the access of an open stream was decided again: kept, ended or unknown.',
    () => Object.entries(load().rechecks),
  );
  read.gauge(
    'rolegate_body_buffer_bytes',
    'Memory of buffered request bodies and of bytes that wait for their turn on a connection.',
    () => load().bufferedBytes,
  );
  read.gauge(
    'rolegate_event_loop_lag_seconds',
    'Delay of the event loop at the last of ten checks a second; 0 when load shedding is off.',
    () => (shedder()?.lagMs ?? 0) / 1000,
    'max',
  );
  read.gauge(
    'rolegate_event_loop_busy_ratio',
    'Share of a tenth of a second in which the event loop was not idle: at 1, the process needs more CPU time than it gets; 0 when load shedding is off.',
    () => shedder()?.busy ?? 0,
    'max',
  );
  read.gauge(
    'rolegate_shed_ratio',
    'Share of new requests that are refused because the process falls behind, from 0 to 1: of all, or if larger, of those that would wait for a connection to a service.',
    () => shedder()?.share ?? 0,
    'max',
  );
  read.gaugePer(
    'upstream',
    'rolegate_upstream_requests_in_flight',
    'Requests that an upstream is serving now, on connections of its pool.',
    () => load().upstreams.map((one) => [one.name, one.inFlight]),
  );
  read.gaugePer(
    'upstream',
    'rolegate_upstream_requests_waiting',
    'Requests that wait for a free connection to an upstream.',
    () => load().upstreams.map((one) => [one.name, one.waiting]),
  );
  read.gaugePer(
    'upstream',
    'rolegate_upstream_streams_open',
    'Responses that an upstream keeps open, outside of its pool: event streams, and those that take longer than a second.',
    () => load().upstreams.map((one) => [one.name, one.streams]),
  );
}
