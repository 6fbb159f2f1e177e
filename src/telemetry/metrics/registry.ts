/** The metrics of a process as one registry of `prom-client`, and those of several processes as one page. */
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { MetricsFormat } from '../../operations/metrics-format.ts';
import type { Exemplar, WithExemplar } from './exemplars.ts';

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

const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

type Metric = MetricValues[number];
type Sample = Metric['values'][number];

const units = ['seconds', 'bytes', 'ratio'];

/**
 * The OpenMetrics 1.0 format. `prom-client` can write it too, but permanently renames the metrics of its registry. Numbers are written as in
 * the text format, so that a series stays the same when a server changes the format.
 */
export function openMetricsText(metrics: MetricValues): string {
  return `${metrics.map(family).join('')}# EOF\n`;
}

function family(metric: Metric): string {
  const { name, help, values } = metric;
  const kind = String(metric.type);
  const type = kind === 'gauge' && name.endsWith('_info') ? 'info' : kind;
  const base = type === 'counter' ? name.replace(/_total$/, '') : type === 'info' ? name.replace(/_info$/, '') : name;
  const unit = units.find((one) => base.endsWith(`_${one}`));
  const lines = [`# TYPE ${base} ${type}`];
  if (unit !== undefined) lines.push(`# UNIT ${base} ${unit}`);
  lines.push(`# HELP ${base} ${quoted(help)}`);
  const usual = type === 'counter' ? `${base}_total` : name;
  for (const sample of values as readonly (Sample & WithExemplar & { readonly metricName?: string })[]) {
    const line = `${sample.metricName ?? usual}${labelsOf(sample.labels)} ${numberText(sample.value)}`;
    lines.push(sample.recorded === undefined ? line : `${line} ${exemplarText(sample.recorded)}`);
  }
  return `${lines.join('\n')}\n`;
}

function exemplarText({ traceId, value, atMs }: Exemplar): string {
  return `# ${labelsOf({ trace_id: traceId })} ${numberText(value)} ${numberText(atMs / 1000)}`;
}

function labelsOf(labels: Sample['labels']): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${quoted(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  return String(value);
}

function quoted(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
