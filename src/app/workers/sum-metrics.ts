/** One page of metrics of all processes: what they say now, and what those counted that are gone. */
import { formatMetric } from '../../telemetry/exposition.ts';
import { metricsCatalog } from '../../telemetry/metrics-catalog.ts';
import {
  countedRuntime,
  readRuntimeMetrics,
  sharedRuntime,
  sumRuntimeMetrics,
  sumRuntimeMetricsText,
} from '../../telemetry/runtime-metrics.ts';
import { countedSamples, type MetricSamples, sumSamples } from '../../telemetry/sum-samples.ts';
import type { ProcessMetrics } from './metrics-message.ts';

const nothing: ProcessMetrics = { own: [], runtime: [] };

export class WorkerMetrics {
  /** By process: what it said last. */
  readonly #last = new Map<object, { readonly number: number; readonly metrics: ProcessMetrics }>();
  #gone: ProcessMetrics = nothing;
  readonly #goneRequests = new Map<number, number>();

  said(worker: object, number: number, metrics: ProcessMetrics): void {
    this.#last.set(worker, { number, metrics });
  }

  /** What was shown once is not taken back: a sum that falls would look like a start from zero. */
  async gone(worker: object): Promise<void> {
    const last = this.#last.get(worker);
    if (last === undefined) return;
    this.#last.delete(worker);
    const { number, metrics } = last;
    this.#goneRequests.set(number, (this.#goneRequests.get(number) ?? 0) + requestsOf(metrics));
    const own = countedSamples(sumSamples([[], this.#gone.own, metrics.own]), null);
    const runtime = [this.#gone.runtime, countedRuntime(metrics.runtime)];
    this.#gone = { own: own.map(([key, samples]) => [key, [...samples]]), runtime: this.#gone.runtime };
    const summed = await sumRuntimeMetrics(runtime);
    this.#gone = { ...this.#gone, runtime: summed };
  }

  /** Those of other routes are let go. */
  useRoutes(ids: Iterable<string>): void {
    const own = countedSamples(this.#gone.own, new Set(ids));
    this.#gone = { ...this.#gone, own: own.map(([key, samples]) => [key, [...samples]]) };
  }

  /** Requests by number of the worker, whichever processes had it. */
  requests(count: number): number[] {
    const sums = Array.from({ length: count }, (_, index) => this.#goneRequests.get(index + 1) ?? 0);
    for (const { number, metrics } of this.#last.values()) sums[number - 1]! += requestsOf(metrics);
    return sums;
  }

  /** `own`: of the supervisor. */
  async page(own: MetricSamples): Promise<string> {
    const workers = [...this.#last.values()].map(({ metrics }) => metrics);
    let text = '';
    for (const [key, samples] of sumSamples([own, this.#gone.own, ...workers.map((one) => one.own)])) {
      text += formatMetric(metricsCatalog[key], samples);
    }
    const shared = sharedRuntime(await readRuntimeMetrics());
    const runtime = [shared, this.#gone.runtime, ...workers.map((one) => one.runtime)];
    return text + (await sumRuntimeMetricsText(runtime));
  }
}

function requestsOf({ own }: ProcessMetrics): number {
  const samples = own.find(([key]) => key === 'requests')?.[1] ?? [];
  return samples.reduce((sum, { value }) => sum + value, 0);
}
