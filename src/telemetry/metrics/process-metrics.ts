/** The state of the process, or of all processes of the gateway: configuration, health of targets, workers, build. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { OutputEvents } from '../log/log-output.ts';
import type { Logger } from '../log/logger.ts';
import { readingsIn } from './readings.ts';

export interface WorkerReadings {
  readonly serving: number;
  readonly restarts: number;
  /** By number of the worker, from 1. */
  readonly requests: readonly number[];
}

export interface CheckedUpstream {
  readonly targets: readonly string[];
  /** Null: no health checks. */
  readonly health: object | null;
}

export interface ProcessMetrics {
  configLoaded(digest: string | null, nowMs: number): void;
  /** Returns whether the health changed. */
  upstreamHealth(upstream: string, target: string, healthy: boolean): boolean;
  useUpstreams(upstreams: ReadonlyMap<string, CheckedUpstream>): void;
}

export function createBuildMetric(registry: Registry, version: string): void {
  const build = new Gauge({
    name: 'rolegate_build_info',
    help: 'Always 1; the labels contain the running versions.',
    labelNames: ['version', 'node'],
    aggregator: 'first',
    registers: [registry],
  });
  build.set({ version, node: process.version }, 1);
}

/** `workers` null: this process has started none. */
export function createProcessMetrics(registry: Registry, workers: () => WorkerReadings | null): ProcessMetrics {
  const registers = [registry];
  const read = readingsIn(registry);
  const upstreamHealthy = new Gauge({
    name: 'rolegate_upstream_target_healthy',
    help: 'Whether a target with health checks is healthy: 1, or 0 after two failed checks in a row.',
    labelNames: ['upstream', 'target'],
    aggregator: 'min',
    registers,
  });
  const configLoads = new Counter({
    name: 'rolegate_config_loads_total',
    help: 'Configurations that were read, at start and at every reload: ok or failed.',
    labelNames: ['result'],
    aggregator: 'first',
    registers,
  });
  for (const result of ['ok', 'failed']) configLoads.inc({ result }, 0);
  const configOk = new Gauge({
    name: 'rolegate_config_last_load_successful',
    help: 'Whether the last configuration that was read is the one in use: 0 after a refused reload.',
    aggregator: 'first',
    registers,
  });
  const configInfo = new Gauge({
    name: 'rolegate_config_info',
    help: 'Always 1; the label is the digest of the configuration in use, equal on replicas with the same files.',
    labelNames: ['digest'],
    aggregator: 'first',
    registers,
  });
  const configLoadedAt = new Gauge({
    name: 'rolegate_config_last_success_timestamp_seconds',
    help: 'When the configuration in use was loaded, in seconds since the epoch.',
    aggregator: 'first',
    registers,
  });
  read.gauge(
    'rolegate_workers_serving',
    'Worker processes that accept requests now; absent with a single process.',
    () => workers()?.serving ?? null,
  );
  read.counter(
    'rolegate_worker_restarts_total',
    'Worker processes that ended and were restarted.',
    () => workers()?.restarts ?? null,
  );
  read.counterPer(
    'worker',
    'rolegate_worker_requests_total',
    'Requests that ended, by number of the worker process.',
    () => (workers()?.requests ?? []).map((count, index) => [String(index + 1), count]),
  );

  /** By upstream and target. */
  let health = new Map<string, Map<string, boolean>>();

  function set(upstream: string, target: string, healthy: boolean): void {
    const targets = health.get(upstream) ?? new Map<string, boolean>();
    health.set(upstream, targets.set(target, healthy));
    upstreamHealthy.set({ upstream, target }, healthy ? 1 : 0);
  }

  return {
    configLoaded(digest, nowMs) {
      const ok = digest !== null;
      configLoads.inc({ result: ok ? 'ok' : 'failed' });
      configOk.set(ok ? 1 : 0);
      if (!ok) return;
      configLoadedAt.set(nowMs / 1000);
      configInfo.reset();
      configInfo.set({ digest }, 1);
    },
    upstreamHealth(upstream, target, healthy) {
      const changed = (health.get(upstream)?.get(target) ?? true) !== healthy;
      set(upstream, target, healthy);
      return changed;
    },
    /**
     * Targets with health checks count as healthy until a check fails. Targets that the configuration no longer contains are removed, so
     * that they do not page an operator.
     */
    useUpstreams(upstreams) {
      const before = health;
      health = new Map();
      upstreamHealthy.reset();
      for (const [upstream, { health: checks, targets }] of upstreams) {
        if (checks === null) continue;
        for (const target of targets) set(upstream, target, before.get(upstream)?.get(target) ?? true);
      }
    },
  };
}

/** What becomes of the log: lines that were dropped, and whether it can be written at all. */
export function createLogMetrics(registry: Registry): OutputEvents {
  const registers = [registry];
  const dropped = new Counter({
    name: 'rolegate_log_lines_dropped_total',
    help: 'Log lines that were dropped because the log could not be written, or not fast enough.',
    registers,
  });
  const failing = new Gauge({
    name: 'rolegate_log_failing',
    help: 'Whether the log could not be written at the last attempt, such as to a full disk or a closed pipe: 1, or 0.',
    aggregator: 'max',
    registers,
  });
  return {
    dropped: (lines) => dropped.inc(lines),
    failing: (is) => failing.set(is ? 1 : 0),
  };
}

export interface SpanEvents {
  exported(spans: number): void;
  /** The collector did not accept them. */
  failed(spans: number, cause: unknown): void;
  /** Too many were waiting. */
  dropped(spans: number): void;
}

/** Counts spans, and logs when the export fails and when it works again. */
export function createTraceMetrics(registry: Registry, log: Pick<Logger, 'info' | 'warn'>): SpanEvents {
  const spans = new Counter({
    name: 'rolegate_trace_spans_total',
    help: 'Recorded spans: exported, failed (the collector did not accept them) or dropped (too many were waiting).',
    labelNames: ['result'],
    registers: [registry],
  });
  for (const result of ['exported', 'failed', 'dropped']) spans.inc({ result }, 0);
  let failing = false;

  return {
    exported(count) {
      spans.inc({ result: 'exported' }, count);
      if (failing) log.info('spans are exported again');
      failing = false;
    },
    failed(count, cause) {
      spans.inc({ result: 'failed' }, count);
      if (!failing) log.warn({ err: cause }, 'spans cannot be exported: they are counted and dropped');
      failing = true;
    },
    dropped(count) {
      spans.inc({ result: 'dropped' }, count);
    },
  };
}
