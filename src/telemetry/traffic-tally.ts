/** Counts requests: the part of `observe` that is metrics. */
import { Distribution } from './distribution.ts';
import type { Sample } from './exposition.ts';
import { type MetricKey, metricsCatalog } from './metrics-catalog.ts';
import type { RequestRecord } from './request-record.ts';
import type { RouteBindings } from './route-bindings.ts';
import type { RouteTallies } from './route-tally.ts';

export class TrafficTally {
  readonly #bindings: RouteBindings;
  readonly #decisions = {
    memory: new Distribution(metricsCatalog.decisionDuration.buckets),
    redis: new Distribution(metricsCatalog.decisionDuration.buckets),
    'auth-api': new Distribution(metricsCatalog.decisionDuration.buckets),
    none: new Distribution(metricsCatalog.decisionDuration.buckets),
  };

  constructor(bindings: RouteBindings) {
    this.#bindings = bindings;
  }

  /** `row`: of its route; `upstream`: durations of its upstream. */
  add(record: RequestRecord, row: number, upstream: Distribution): void {
    this.#bindings.tallies.add(row, record);
    const { decision, decidedAt, answeredAt } = record;
    if (decision === null || decidedAt <= 0) return;
    this.#decisions[decision.source].observe((decidedAt - record.startedAt) / 1000);
    if (answeredAt > 0 && decision.outcome === 'allow') upstream.observe((answeredAt - decidedAt) / 1000);
  }

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const { tallies } = this.#bindings;
    const rows = [...this.#bindings.rows()];
    const each = (samples: (row: number, route: string) => Iterable<Sample>) =>
      rows.flatMap(([route, row]) => [...samples(row, route)]);
    const one = (value: (row: number) => number) =>
      rows.map(([route, row]) => ({ labels: [route], value: value(row) }));
    const rare = (numbers: (rare: ReturnType<RouteTallies['rare']>) => ReadonlyMap<string, number>) =>
      each((row, route) => [...numbers(tallies.rare(row))].map(([word, value]) => ({ labels: [route, word], value })));
    yield ['requests', each((row, route) => tallies.requestSamples(row, route))];
    yield ['refusals', rare(({ refusals }) => refusals)];
    yield ['conditions', rare(({ conditions }) => conditions)];
    yield ['shadowRefusals', rare(({ shadowed }) => shadowed)];
    yield ['requestDuration', each((row, route) => tallies.durationSamples(row, route))];
    yield [
      'decisionDuration',
      Object.entries(this.#decisions).flatMap(([source, durations]) => [...durations.samples([source])]),
    ];
    yield [
      'upstreamDuration',
      [...this.#bindings.upstreams()].flatMap(([name, durations]) => [...durations.samples([name])]),
    ];
    yield ['bytesReceived', one((row) => tallies.bytesReceived(row))];
    yield ['bytesSent', one((row) => tallies.bytesSent(row))];
    yield ['aborted', one((row) => tallies.rare(row).aborted)];
    yield ['cut', one((row) => tallies.rare(row).cut)];
  }
}
