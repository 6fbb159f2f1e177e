/**
 * OpenMetrics exemplars: each bucket of the request durations has the trace of the last recorded request in it. `prom-client` supports them
 * only in registries without the text format.
 */
import type { MetricValues } from './registry.ts';

export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** In milliseconds since the epoch. */
  readonly atMs: number;
}

/** A bucket's sample. The name `exemplar` is taken by `prom-client`, which leaves it empty. */
export interface WithExemplar {
  readonly recorded?: Exemplar;
}

const histogram = 'rolegate_request_duration_seconds';

type Sample = MetricValues[number]['values'][number] & WithExemplar;

export class Exemplars {
  /** Upper bounds of the buckets; the last bucket, `+Inf`, is not listed. */
  readonly #bounds: readonly number[];
  /** By route and bucket. */
  readonly #last = new Map<string, Exemplar>();

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
  }

  note(route: string, exemplar: Exemplar): void {
    const bound = this.#bounds.find((upper) => exemplar.value <= upper);
    this.#last.set(keyOf(route, bound ?? '+Inf'), exemplar);
  }

  remove(route: string): void {
    for (const bound of [...this.#bounds, '+Inf']) this.#last.delete(keyOf(route, bound));
  }

  attach(metrics: MetricValues): MetricValues {
    return this.#last.size === 0 ? metrics : attached(metrics, this.#last);
  }
}

/** Adds to the sums of several processes the newest exemplar of each bucket. */
export function attachNewest(sums: MetricValues, processes: readonly MetricValues[]): MetricValues {
  const newest = new Map<string, Exemplar>();
  for (const { values } of processes.flatMap((metrics) => metrics.filter(({ name }) => name === histogram))) {
    for (const sample of values as readonly Sample[]) {
      const exemplar = sample.recorded;
      if (exemplar === undefined) continue;
      const key = keyOf(sample.labels['route'], sample.labels['le']);
      if (exemplar.atMs > (newest.get(key)?.atMs ?? 0)) newest.set(key, exemplar);
    }
  }
  return newest.size === 0 ? sums : attached(sums, newest);
}

function attached(metrics: MetricValues, exemplars: ReadonlyMap<string, Exemplar>): MetricValues {
  return metrics.map((metric) => {
    if (metric.name !== histogram) return metric;
    const values = metric.values.map((sample) => {
      const exemplar = exemplars.get(keyOf(sample.labels['route'], sample.labels['le']));
      return exemplar === undefined ? sample : { ...sample, recorded: exemplar };
    });
    return { ...metric, values };
  });
}

function keyOf(route: unknown, bound: unknown): string {
  return `${String(bound)} ${String(route)}`;
}
