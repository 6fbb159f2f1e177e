/** Counts requests: the part of `observe` that is metrics. */
import { Distribution } from './distribution.ts';
import type { Sample } from './exposition.ts';
import { type MetricKey, metricsCatalog } from './metrics-catalog.ts';
import type { RequestRecord } from './request-record.ts';
import type { RouteBindings } from './route-bindings.ts';
import type { RouteTally } from './route-tally.ts';

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

  add(record: RequestRecord, tally: RouteTally): void {
    tally.add(record);
    const { decision, decidedAt, answeredAt } = record;
    if (decision === null || decidedAt <= 0) return;
    this.#decisions[decision.source].observe((decidedAt - record.startedAt) / 1000);
    if (answeredAt > 0 && decision.outcome === 'allow') tally.upstream.observe((answeredAt - decidedAt) / 1000);
  }

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const tallies = [...this.#bindings.tallies()];
    const each = (samples: (tally: RouteTally, route: string) => Iterable<Sample>) =>
      tallies.flatMap(([route, tally]) => [...samples(tally, route)]);
    const one = (value: (tally: RouteTally) => number) =>
      tallies.map(([route, tally]) => ({ labels: [route], value: value(tally) }));
    yield ['requests', each((tally, route) => tally.requestSamples(route))];
    yield [
      'refusals',
      each((tally, route) => [...tally.rare.refusals].map(([reason, value]) => ({ labels: [route, reason], value }))),
    ];
    yield [
      'conditions',
      each((tally, route) => [...tally.rare.conditions].map(([word, value]) => ({ labels: [route, word], value }))),
    ];
    yield [
      'shadowRefusals',
      each((tally, route) => [...tally.rare.shadowed].map(([reason, value]) => ({ labels: [route, reason], value }))),
    ];
    yield ['requestDuration', each((tally, route) => tally.durationSamples(route))];
    yield [
      'decisionDuration',
      Object.entries(this.#decisions).flatMap(([source, durations]) => [...durations.samples([source])]),
    ];
    yield [
      'upstreamDuration',
      [...this.#bindings.upstreams()].flatMap(([name, durations]) => [...durations.samples([name])]),
    ];
    yield ['bytesReceived', one((tally) => tally.bytesReceived)];
    yield ['bytesSent', one((tally) => tally.bytesSent)];
    yield ['aborted', one((tally) => tally.rare.aborted)];
    yield ['cut', one((tally) => tally.rare.cut)];
  }
}
