/**
 * Node's own metrics: once for a process, since what observes it cannot be taken down again. The library is loaded a
 * little after the start, or with the first scrape, for it takes a tenth of the time that a start takes.
 */
import type { Registry } from 'prom-client';

/** A metric as its library gives it away; `aggregator` says what it is over several processes. */
export interface RuntimeMetric {
  readonly name: string;
  readonly help: string;
  readonly type: (typeof runtimeTypes)[number];
  readonly aggregator: (typeof aggregators)[number];
  /** `null`: not a number. */
  readonly values: readonly {
    readonly value: number | null;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly metricName?: string;
  }[];
}

export const runtimeTypes = ['counter', 'gauge', 'histogram', 'summary'] as const;
export const aggregators = ['omit', 'sum', 'first', 'min', 'max', 'average'] as const;

/** Gauges with the ending of counters, at which `promtool check metrics` fails: sums of the gauges without that ending. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

const loadAfterMs = 2_000;

/** Of the Prometheus text format. */
export const metricsContentType = 'text/plain; version=0.0.4; charset=utf-8';

let ofProcess: Promise<Registry> | null = null;

/** Begins to observe the process soon; should that fail, a scrape tells. */
export function observeRuntime(): void {
  if (ofProcess === null) setTimeout(() => registry().catch(() => {}), loadAfterMs).unref();
}

/** In the Prometheus text format. */
export async function runtimeMetricsText(): Promise<string> {
  return (await registry()).metrics();
}

function registry(): Promise<Registry> {
  ofProcess ??= import('prom-client').then(({ collectDefaultMetrics, Registry }) => {
    const made = new Registry();
    collectDefaultMetrics({ register: made });
    for (const name of misnamed) made.removeSingleMetric(name);
    return made;
  });
  return ofProcess;
}

/** Those of this process, as plain data. */
export async function readRuntimeMetrics(): Promise<readonly RuntimeMetric[]> {
  return (await (await registry()).getMetricsAsJSON()) as unknown as readonly RuntimeMetric[];
}

/** What has to stay when a process ends: what it has counted. */
export function countedRuntime(metrics: readonly RuntimeMetric[]): readonly RuntimeMetric[] {
  return metrics.filter(({ type }) => type !== 'gauge');
}

/**
 * Of the process that started the workers: what counts with theirs, and since when there are any. How late its own event
 * loop is says nothing of requests.
 */
export function sharedRuntime(metrics: readonly RuntimeMetric[]): readonly RuntimeMetric[] {
  return metrics.flatMap((metric) => {
    if (metric.name === 'process_start_time_seconds') return [{ ...metric, aggregator: 'first' as const }];
    return metric.aggregator === 'sum' ? [metric] : [];
  });
}

/** Those of several processes as those of one, as plain data. */
export async function sumRuntimeMetrics(
  parts: readonly (readonly RuntimeMetric[])[],
): Promise<readonly RuntimeMetric[]> {
  return (await (await summed(parts)).getMetricsAsJSON()) as unknown as readonly RuntimeMetric[];
}

/** The same in the Prometheus text format. */
export async function sumRuntimeMetricsText(parts: readonly (readonly RuntimeMetric[])[]): Promise<string> {
  return await (await summed(parts)).metrics();
}

async function summed(parts: readonly (readonly RuntimeMetric[])[]): Promise<Registry> {
  const { AggregatorRegistry } = await import('prom-client');
  const numbers = parts.map((part) =>
    part.map((metric) => ({
      ...metric,
      values: metric.values.map((one) => ({ ...one, value: one.value ?? Number.NaN })),
    })),
  );
  return AggregatorRegistry.aggregate(numbers);
}
