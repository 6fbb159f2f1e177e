/** The metrics of a process as one registry of `prom-client`, and those of several processes as one page. */
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsFormat } from '../../operations/metrics-format.ts';
import { openMetricsText, openMetricsType } from './open-metrics.ts';

/** The metrics of a process as data. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Node's gauges with the suffix of counters, which `promtool check metrics` rejects. They are sums of the gauges without the suffix. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

let ofRuntime: Registry | null = null;

/** The metrics of `own` and of Node. Node's collectors cannot be removed again, so a process has them once. */
export function withRuntime(own: Registry): Registry {
  if (ofRuntime === null) {
    ofRuntime = new Registry();
    collectDefaultMetrics({ register: ofRuntime });
    for (const name of misnamed) ofRuntime.removeSingleMetric(name);
  }
  return Registry.merge([own, ofRuntime]);
}

export interface MetricsPage {
  /** Media type. */
  readonly type: string;
  readonly text: string;
}

/** `withExemplars` adds exemplars, for the format that supports them. */
export async function pageOf(
  registry: Registry,
  format: MetricsFormat,
  withExemplars = (metrics: MetricValues): MetricValues => metrics,
): Promise<MetricsPage> {
  if (format === 'text') return { type: registry.contentType, text: await registry.metrics() };
  return { type: openMetricsType, text: openMetricsText(withExemplars(await registry.getMetricsAsJSON())) };
}

/** Combines the metrics of several processes, each by its aggregator, which the first process determines. */
export function aggregate(processes: readonly MetricValues[]): Registry {
  return AggregatorRegistry.aggregate([...processes]);
}
