/** Open connections and the effect of limits, read at each scrape, so that requests pay nothing for them. */
import { Counter, Gauge, type Registry } from 'prom-client';

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
  readonly openStreams: number;
  readonly rechecks: { readonly kept: number; readonly ended: number; readonly unknown: number };
  readonly bufferedBytes: number;
  readonly lagMs: number;
  readonly busyShare: number;
  readonly shedShare: number;
  readonly upstreams: readonly {
    readonly name: string;
    readonly inFlight: number;
    readonly waiting: number;
    readonly streams: number;
  }[];
}

const noLoad: LoadReadings = {
  refusedConnections: { total: 0, client: 0 },
  endedConnections: { idle: 0, requests: 0, unread: 0, lingering: 0 },
  openStreams: 0,
  rechecks: { kept: 0, ended: 0, unknown: 0 },
  bufferedBytes: 0,
  lagMs: 0,
  busyShare: 0,
  shedShare: 0,
  upstreams: [],
};

/** `server` null: it does not listen yet. */
export function createLoadMetrics(registry: Registry, server: () => ServerReadings | null): void {
  const registers = [registry];
  const load = () => server()?.load() ?? noLoad;
  new Gauge({
    name: 'rolegate_requests_in_flight',
    help: 'Requests that are being served now.',
    registers,
    collect() {
      this.set(server()?.requestsInFlight() ?? 0);
    },
  });
  new Gauge({
    name: 'rolegate_tunnels_open',
    help: 'Upgraded connections (WebSocket) that are open now.',
    registers,
    collect() {
      this.set(server()?.tunnels() ?? 0);
    },
  });
  new Gauge({
    name: 'rolegate_connections_open',
    help: 'Connections of clients that are open now.',
    registers,
    collect() {
      this.set(server()?.connections() ?? 0);
    },
  });
  new Counter({
    name: 'rolegate_connections_refused_total',
    help: 'Connections that were closed at once, by the limit that they exceeded: total or client.',
    labelNames: ['limit'],
    registers,
    collect() {
      setEach(this, 'limit', load().refusedConnections);
    },
  });
  new Counter({
    name: 'rolegate_connections_ended_total',
    help: 'Connections that reached a limit and were closed: idle, requests, unread or lingering.',
    labelNames: ['limit'],
    registers,
    collect() {
      setEach(this, 'limit', load().endedConnections);
    },
  });
  new Gauge({
    name: 'rolegate_streams_open',
    help: 'WebSockets, event streams and long transfers whose access is watched.',
    registers,
    collect() {
      this.set(load().openStreams);
    },
  });
  new Counter({
    name: 'rolegate_stream_rechecks_total',
    help: 'Times that the access of an open stream was decided again: kept, ended or unknown.',
    labelNames: ['outcome'],
    registers,
    collect() {
      setEach(this, 'outcome', load().rechecks);
    },
  });
  new Gauge({
    name: 'rolegate_body_buffer_bytes',
    help: 'Memory of buffered request bodies and of bytes that wait for their turn on a connection.',
    registers,
    collect() {
      this.set(load().bufferedBytes);
    },
  });
  new Gauge({
    name: 'rolegate_event_loop_lag_seconds',
    help: 'Delay of the event loop at the last of ten checks a second; 0 when load shedding is off.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(load().lagMs / 1000);
    },
  });
  new Gauge({
    name: 'rolegate_event_loop_busy_ratio',
    help: 'Share of a tenth of a second in which the event loop was not idle: at 1, the process needs more CPU time than it gets; 0 when load shedding is off.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(load().busyShare);
    },
  });
  new Gauge({
    name: 'rolegate_shed_ratio',
    help: 'Share of new requests that are refused because the process falls behind, from 0 to 1.',
    aggregator: 'max',
    registers,
    collect() {
      this.set(load().shedShare);
    },
  });
  new Gauge({
    name: 'rolegate_upstream_requests_in_flight',
    help: 'Requests that an upstream is serving now, on connections of its pool.',
    labelNames: ['upstream'],
    registers,
    collect() {
      this.reset();
      for (const { name, inFlight } of load().upstreams) this.set({ upstream: name }, inFlight);
    },
  });
  new Gauge({
    name: 'rolegate_upstream_requests_waiting',
    help: 'Requests that wait for a free connection to an upstream.',
    labelNames: ['upstream'],
    registers,
    collect() {
      this.reset();
      for (const { name, waiting } of load().upstreams) this.set({ upstream: name }, waiting);
    },
  });
  new Gauge({
    name: 'rolegate_upstream_streams_open',
    help: 'Responses that an upstream keeps open, outside of its pool: event streams, and those that take longer than a second.',
    labelNames: ['upstream'],
    registers,
    collect() {
      this.reset();
      for (const { name, streams } of load().upstreams) this.set({ upstream: name }, streams);
    },
  });
}

/** Sets counters that the server keeps itself. */
function setEach<Label extends string>(
  counter: Counter<Label>,
  label: Label,
  values: Readonly<Record<string, number>>,
): void {
  counter.reset();
  for (const [name, value] of Object.entries(values)) {
    const labels: Partial<Record<Label, string>> = {};
    labels[label] = name;
    counter.inc(labels, value);
  }
}
