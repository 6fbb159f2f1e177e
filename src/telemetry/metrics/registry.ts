/** The metrics of a process as one registry of `prom-client`, and those of several processes as one page. */
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsFormat } from '../../http-base/metrics-format.ts';
import { openMetricsText, openMetricsType } from './open-metrics.ts';

/** The metrics of a process as data. */
export type MetricValues = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Gauges with the ending of counters, at which `promtool check metrics` fails: sums of the gauges without that ending. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

let ofRuntime: Registry | null = null;

/** Those of `own`, and Node's: what observes Node cannot be taken down again, so that there is one of it in a process. */
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

/** `withExemplars`: adds them, for the format that has them. */
export async function pageOf(
  registry: Registry,
  format: MetricsFormat,
  withExemplars = (metrics: MetricValues): MetricValues => metrics,
): Promise<MetricsPage> {
  if (format === 'text') return { type: registry.contentType, text: await registry.metrics() };
  return { type: openMetricsType, text: openMetricsText(withExemplars(await registry.getMetricsAsJSON())) };
}

/** The metrics of several processes as those of one, each by its aggregator; the first process decides what that is. */
export function aggregate(processes: readonly MetricValues[]): Registry {
  return AggregatorRegistry.aggregate([...processes]);
}
