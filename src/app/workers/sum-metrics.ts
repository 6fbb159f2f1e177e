/** One page of metrics of all processes: those that run, and what processes that are gone have counted. */
import { z } from 'zod';
import type { MetricsFormat } from '../../http-base/metrics-format.ts';
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

/** As `prom-client` takes them; its types know the kinds of metrics as an enumeration that it does not export. */
export const metricsMessage = message.transform((metrics) => metrics as unknown as MetricValues);

export class WorkerMetrics {
  /** By process: its last metrics. */
  readonly #last = new Map<object, { readonly number: number; readonly metrics: MetricValues }>();
  /** What is kept of those that are gone. */
  #gone: Promise<MetricValues> = Promise.resolve([]);
  readonly #goneRequests = new Map<number, number>();
  readonly #ended = new WeakSet<object>();

  /** One that responded and then ended, while others were still waited for, is not taken for one that runs. */
  add(worker: object, number: number, metrics: MetricValues): void {
    if (this.#ended.has(worker)) return;
    this.#last.set(worker, { number, metrics });
  }

  /** What was shown once is not taken back: a sum that falls would look like a start from zero. */
  gone(worker: object): void {
    this.#ended.add(worker);
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#last.delete(worker);
    const { number, metrics } = last;
    this.#goneRequests.set(number, (this.#goneRequests.get(number) ?? 0) + requestsOf(metrics));
    this.#gone = this.#gone.then((before) => aggregate([before, counted(metrics)]).getMetricsAsJSON());
  }

  /** Those of other routes are let go. */
  useRoutes(ids: ReadonlySet<string>): void {
    this.#gone = this.#gone.then((metrics) => ofRoutes(metrics, ids));
  }

  /** Requests by number of the worker, in whichever process it was. */
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

/** What a process that ends has counted, without its state. */
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
 * Of Node's metrics, those that add up with those of the workers, and since when there are any: how late the event loop of the
 * supervisor is says nothing of requests.
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
