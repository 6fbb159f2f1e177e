/** One page of metrics of all processes: the running ones, and the counts of ended ones. */
import { z } from 'zod';
import type { MetricsFormat } from '../../operations/metrics-format.ts';
import { attachNewest } from '../../telemetry/metrics/exemplars.ts';
import { aggregate, type MetricsPage, type MetricValues, pageOf } from '../../telemetry/metrics/registry.ts';

/** The metrics of a worker as it sends them; `null` is a value that is not a number. */
const message = z.array(
  z.looseObject({
    name: z.string().regex(/^(?:rolegate|process|nodejs)_\w+$/),
    help: z.string(),
    type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
    aggregator: z.enum(['omit', 'sum', 'first', 'min', 'max', 'average']),
    values: z.array(
      z.looseObject({
        value: z
          .number()
          .nullable()
          .transform((value) => value ?? Number.NaN),
        labels: z.record(z.string().regex(/^\w+$/), z.union([z.string(), z.number()])),
        metricName: z.string().regex(/^\w+$/).optional(),
        recorded: z
          .strictObject({ traceId: z.string().regex(/^[0-9a-f]{32}$/), value: z.number(), atMs: z.number() })
          .optional(),
      }),
    ),
  }),
);

/** In the form of `prom-client`, whose types use an enumeration that it does not export. */
export const metricsMessage = message.transform((metrics) => metrics as unknown as MetricValues);

export class WorkerMetrics {
  /** By process: its last metrics. */
  readonly #last = new Map<object, { readonly number: number; readonly metrics: MetricValues }>();
  /** Counts of ended processes. */
  #gone: Promise<MetricValues> = Promise.resolve([]);
  readonly #goneRequests = new Map<number, number>();
  readonly #ended = new WeakSet<object>();

  /** A process that responded and then ended before the others responded does not count as running. */
  add(worker: object, number: number, metrics: MetricValues): void {
    if (this.#ended.has(worker)) return;
    this.#last.set(worker, { number, metrics });
  }

  /** Counts are never removed: a falling sum would look like a reset. */
  gone(worker: object): void {
    this.#ended.add(worker);
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#last.delete(worker);
    const { number, metrics } = last;
    this.#goneRequests.set(number, (this.#goneRequests.get(number) ?? 0) + requestsOf(metrics));
    this.#gone = this.#gone.then((before) => aggregate([before, counted(metrics)]).getMetricsAsJSON());
  }

  /** Removes those of other routes. */
  useRoutes(ids: ReadonlySet<string>): void {
    this.#gone = this.#gone.then((metrics) => ofRoutes(metrics, ids));
  }

  /** Requests by worker number, over all its processes. */
  requests(count: number): number[] {
    const sums = Array.from({ length: count }, (_, index) => this.#goneRequests.get(index + 1) ?? 0);
    for (const { number, metrics } of this.#last.values()) sums[number - 1]! += requestsOf(metrics);
    return sums;
  }

  /** `supervisor`: its own metrics. */
  async page(supervisor: MetricValues, format: MetricsFormat): Promise<MetricsPage> {
    const workers = [...this.#last.values()].map(({ metrics }) => metrics);
    const gone = await this.#gone;
    const withExemplars = (sums: MetricValues) => attachNewest(sums, workers);
    return await pageOf(aggregate([ofSupervisor(supervisor), gone, ...workers]), format, withExemplars);
  }
}

/** Counts of an ended process, without its gauges. */
function counted(metrics: MetricValues): MetricValues {
  return metrics.filter(({ type, aggregator }) => String(type) !== 'gauge' && aggregator === 'sum');
}

function ofRoutes(metrics: MetricValues, ids: ReadonlySet<string>): MetricValues {
  return metrics.map((metric) => ({
    ...metric,
    values: metric.values.filter(({ labels }) => labels['route'] === undefined || ids.has(String(labels['route']))),
  }));
}

/**
 * Only those of Node's metrics that can be added to those of the workers, and the start time: the event loop lag of the supervisor is
 * irrelevant for requests.
 */
function ofSupervisor(metrics: MetricValues): MetricValues {
  return metrics.flatMap((metric) => {
    if (metric.name === 'process_start_time_seconds') return [{ ...metric, aggregator: 'first' as const }];
    return metric.name.startsWith('rolegate_') || metric.aggregator === 'sum' ? [metric] : [];
  });
}

function requestsOf(metrics: MetricValues): number {
  const values = metrics.find(({ name }) => name === 'rolegate_requests_total')?.values ?? [];
  return values.reduce((sum, { value }) => sum + value, 0);
}
