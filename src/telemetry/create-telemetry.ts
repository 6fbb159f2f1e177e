/** Joins metrics and log into what the rest of the process uses. */
import { Registry } from 'prom-client';
import type { RouteTable } from '../core/routing/route-table.ts';
import type { MetricsFormat } from '../operations/metrics-format.ts';
import { createAccessLog, type LogSettings } from './log/access-log.ts';
import { lineShape } from './log/line-shape.ts';
import { type LogDestination, outputTo, standardOutput } from './log/log-output.ts';
import { createLogger, type Logger } from './log/logger.ts';
import { type AuthApiMetrics, createAuthApiMetrics } from './metrics/auth-api-metrics.ts';
import { createDecisionMetrics, type RecordEvents, type ShadowEvents } from './metrics/decision-metrics.ts';
import { createIdentityMetrics, type IdentityMetrics } from './metrics/identity-metrics.ts';
import { createLoadMetrics, type ServerReadings, type ShedderReadings } from './metrics/load-metrics.ts';
import {
  createBuildMetric,
  createLogMetrics,
  createProcessMetrics,
  createTraceMetrics,
  type ProcessMetrics,
  type SpanEvents,
  type WorkerReadings,
} from './metrics/process-metrics.ts';
import { type MetricsPage, type MetricValues, pageOf, withRuntime } from './metrics/registry.ts';
import { createRequestSeries } from './metrics/request-series.ts';
import { createTlsMetrics, type TlsReadings } from './metrics/tls-metrics.ts';
import { createUnrequestedResponses } from './metrics/unrequested-responses.ts';
import { createRequestObserver, type RequestObserver } from './request-observer.ts';

export interface TelemetryOptions {
  readonly log: LogSettings;
  /** Unset: standard output. */
  readonly destination?: LogDestination;
  readonly version: string;
  /** Number of this worker, in all lines except those of requests; unset: this process is not a worker. */
  readonly worker?: number;
  /** False: without metrics of Node, whose observers stay for the life of the process. */
  readonly runtimeMetrics?: false;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

export interface Telemetry
  extends RequestObserver,
    AuthApiMetrics,
    Pick<IdentityMetrics, 'watchIdentity' | 'watchRevocations' | 'evictionUnreadable'>,
    Pick<ProcessMetrics, 'useUpstreams'> {
  readonly log: Logger;
  readonly identityEvents: IdentityMetrics['events'];
  /** Events of candidate rules and recorded decisions. */
  readonly decisionEvents: ShadowEvents & RecordEvents;
  /** Events of recorded spans. */
  readonly spanEvents: SpanEvents;
  /** Called at start and at each reload. */
  useRoutes(table: RouteTable): void;
  /** Sets the source of open connections and requests for scrapes. */
  watchServer(readings: ServerReadings): void;
  /** Adds a port to the sources of scrapes. */
  readonly watchTls: (port: TlsReadings) => void;
  /** Sets the source of the load of this process for scrapes. */
  watchShedder(readings: ShedderReadings): void;
  /** Sets the source of worker states for scrapes. */
  watchWorkers(read: () => WorkerReadings): void;
  /** A configuration was read, and applied, or refused: null. */
  configLoaded(digest: string | null): void;
  upstreamHealth(name: string, target: string, healthy: boolean): void;
  upstreamWaited(name: string, seconds: number): void;
  /** Bytes of a service arrived that belong to no request. */
  unrequestedResponse(name: string, target: string): void;
  /** Writes lines that another process of this gateway has logged. */
  forwardLines(lines: string): void;
  metricsPage(format: MetricsFormat): Promise<MetricsPage>;
  /** For the page of all processes of the gateway. */
  metricValues(): Promise<MetricValues>;
  /** Every metric of this process. */
  readonly registry: Registry;
  /** Writes every line that waits. */
  close(): Promise<void>;
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const { now = Date.now, random = Math.random } = options;
  let server: ServerReadings | null = null;
  let shedder: ShedderReadings | null = null;
  let readWorkers = (): WorkerReadings | null => null;

  const own = new Registry();
  // The page of the supervisor shows 0 for series that a worker has not counted yet.
  const requests = createRequestSeries(own, options.worker === undefined);
  createLoadMetrics(
    own,
    () => server,
    () => shedder,
  );
  const watchTls = createTlsMetrics(own);
  const processState = createProcessMetrics(own, () => readWorkers());
  const logMetrics = createLogMetrics(own);
  const output = options.destination === undefined ? standardOutput(logMetrics) : outputTo(options.destination);
  const shape = lineShape(options.log);
  const lines = shape === null ? output : { write: (line: string) => output.write(shape(line)) };
  const log = createLogger(options.log.level, lines, { instance: options.log.instance, worker: options.worker });
  const identity = createIdentityMetrics(own, log);
  const decisionEvents = createDecisionMetrics(own);
  const spanEvents = createTraceMetrics(own, log);
  const authApi = createAuthApiMetrics(own);
  const unrequested = createUnrequestedResponses(own, log);
  createBuildMetric(own, options.version);
  const registry = options.runtimeMetrics === false ? own : withRuntime(own);
  const accessLog = createAccessLog(options.log, lines, now);
  const observer = createRequestObserver(requests, accessLog, random);
  const withExemplars = (metrics: MetricValues) => requests.exemplars.attach(metrics);

  return {
    ...authApi,
    log,
    ...observer,
    identityEvents: identity.events,
    watchIdentity: identity.watchIdentity,
    watchRevocations: identity.watchRevocations,
    evictionUnreadable: identity.evictionUnreadable,
    decisionEvents,
    spanEvents,
    useRoutes: (table) => requests.useRoutes(table.routes),
    useUpstreams(upstreams) {
      processState.useUpstreams(upstreams);
      unrequested.useUpstreams(upstreams.keys());
    },
    watchServer(readings) {
      server = readings;
    },
    watchTls,
    watchShedder(readings) {
      shedder = readings;
    },
    watchWorkers(read) {
      readWorkers = read;
    },
    configLoaded: (digest) => processState.configLoaded(digest, now()),
    upstreamHealth(upstream, target, healthy) {
      if (!processState.upstreamHealth(upstream, target, healthy)) return;
      if (healthy) log.info({ upstream, target }, 'a target is healthy again');
      else log.warn({ upstream, target }, 'a target is unhealthy: its health checks fail');
    },
    upstreamWaited(upstream, seconds) {
      if (requests.inUse.upstreams.has(upstream)) requests.waits.observe({ upstream }, seconds);
    },
    unrequestedResponse: unrequested.arrived,
    forwardLines: output.write,
    metricsPage: (format) => pageOf(registry, format, withExemplars),
    metricValues: async () => withExemplars(await registry.getMetricsAsJSON()),
    registry,
    async close() {
      await output.settle();
      output.close();
    },
  };
}
