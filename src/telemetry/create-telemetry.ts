/** Joins metrics and log into what the rest of the process uses. */
import type { ForwardedIgnored } from '../auth-api/http/client-address.ts';
import type { MailOutcome } from '../auth-api/outbox/mail-events.ts';
import type { LogConfig } from '../config/config.ts';
import type { RouteTable } from '../core/routing/route-table.ts';
import type { IdentityEvents } from '../identity/events.ts';
import { createAccessLog } from './access-log.ts';
import { formatMetric, type Sample } from './exposition.ts';
import { ForwardedTally } from './forwarded-tally.ts';
import { type CheckedUpstream, Gauges, type ServerReadings } from './gauges.ts';
import { type IdentityReadings, IdentityTally } from './identity-tally.ts';
import { createLogSink, type LogDestination } from './log-sink.ts';
import { createLogger, type Logger } from './logger.ts';
import { MailTally, type ReadMailState } from './mail-tally.ts';
import { type MetricKey, metricsCatalog } from './metrics-catalog.ts';
import type { ObserveRequest } from './request-record.ts';
import { type RevocationReadings, RevocationTally } from './revocation-tally.ts';
import { membersOf, RouteBindings } from './route-bindings.ts';
import { metricsContentType, observeRuntime, runtimeMetricsText } from './runtime-metrics.ts';
import { type RecordEvents, type ShadowEvents, ShadowTally } from './shadow-tally.ts';
import { standardOutput } from './standard-output.ts';
import { TrafficTally } from './traffic-tally.ts';
import { type WorkerReadings, WorkerTally } from './worker-tally.ts';

export interface TelemetryOptions {
  readonly log: LogConfig;
  /** Standard output when left out. */
  readonly destination?: LogDestination;
  readonly version: string;
  /** Number of this worker, in each line that is no request; left out: it is none. */
  readonly worker?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface Telemetry {
  readonly log: Logger;
  /** Once for every request that is over. */
  readonly observe: ObserveRequest;
  readonly identityEvents: IdentityEvents;
  /** At start and at each reload: binds what `observe` needs of each route. */
  useRoutes(table: RouteTable): void;
  /** At each reload: forgets the health of targets that are no longer there. */
  useUpstreams(upstreams: ReadonlyMap<string, CheckedUpstream>): void;
  /** Where a scrape reads what the verdict cache holds now. */
  watchIdentity(read: () => IdentityReadings): void;
  /** Where a scrape reads what holds now; null: nothing is in use yet. */
  watchRevocations(read: () => RevocationReadings | null): void;
  /** A call through this route was to revoke something, and what it named was no id. */
  readonly evictionUnreadable: (route: string) => void;
  /** What a candidate of the rules says, and what becomes of recorded decisions. */
  readonly shadowEvents: ShadowEvents & RecordEvents;
  /** A request to the embedded Auth API whose forwarded headers were not believed. */
  readonly onForwardedIgnored: (reason: ForwardedIgnored) => void;
  /** A step of a mail of the embedded Auth API. */
  readonly onMail: (outcome: MailOutcome) => void;
  watchMail(read: ReadMailState): void;
  /** Where a scrape reads what is open now. */
  watchServer(readings: ServerReadings): void;
  /** Writes lines that another process of this gateway has logged. */
  passOn(lines: string): void;
  /** Where a scrape reads what holds of workers that this process started. */
  watchWorkers(read: () => WorkerReadings): void;
  /** Of this process, without those of the runtime. */
  samples(): Generator<readonly [MetricKey, Iterable<Sample>]>;
  metricsText(): Promise<string>;
  readonly metricsContentType: string;
  /** A configuration was read: taken into use, or refused. */
  configLoaded(ok: boolean): void;
  upstreamHealth(name: string, target: string, healthy: boolean): void;
  /** Writes every line that waits. */
  close(): Promise<void>;
}

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const now = options.now ?? Date.now;
  const gauges = new Gauges(options.version, process.version);
  const sink = createLogSink(
    options.destination ??
      standardOutput((lines) => {
        gauges.logDropped += lines;
      }),
  );
  const bindings = new RouteBindings();
  const traffic = new TrafficTally(bindings);
  const log = createLogger(options.log.level, sink, options.worker);
  const identity = new IdentityTally(log);
  const forwarded = new ForwardedTally();
  const mail = new MailTally();
  const revocations = new RevocationTally();
  const shadow = new ShadowTally();
  const workers = new WorkerTally();
  const accessLog = createAccessLog(options.log, sink, now);
  observeRuntime();

  function* samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    yield ['configRoutes', [{ labels: [], value: bindings.size }]];
    for (const part of [traffic, identity, revocations, shadow, forwarded, mail, workers, gauges])
      yield* part.samples();
  }

  return {
    log,
    observe: (record) => {
      const route = bindings.inUse(record.decision === null ? null : record.decision.route);
      const shared = bindings.sharedBy(route);
      traffic.add(record, bindings.rowOf(route), shared.durations);
      if (accessLog !== null) accessLog(record, membersOf(route, shared));
    },
    identityEvents: { ...identity.events, ...revocations.events },
    watchIdentity: (read) => identity.watch(read),
    watchRevocations: (read) => revocations.watch(read),
    evictionUnreadable: revocations.unreadable,
    shadowEvents: shadow.events,
    useRoutes: (table) => bindings.use(table.routes),
    useUpstreams: (upstreams) => gauges.useUpstreams(upstreams),
    onForwardedIgnored: forwarded.add,
    onMail: mail.add,
    watchMail: (read) => mail.watch(read),
    watchServer: (readings) => gauges.watchServer(readings),
    passOn: (lines) => sink.write(lines),
    watchWorkers: (read) => workers.watch(read),
    samples,
    metricsText: async () => {
      let text = '';
      for (const [key, values] of samples()) text += formatMetric(metricsCatalog[key], values);
      return text + (await runtimeMetricsText());
    },
    metricsContentType,
    configLoaded: (ok) => gauges.configLoaded(ok, now()),
    upstreamHealth(upstream, target, healthy) {
      if (!gauges.upstreamHealth(upstream, target, healthy)) return;
      if (healthy) log.info({ upstream, target }, 'a target is healthy again');
      else log.warn({ upstream, target }, 'a target is unhealthy: its health checks fail');
    },
    async close() {
      await sink.settle();
      sink.close();
    },
  };
}
