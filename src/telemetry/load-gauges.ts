/** What the limits do at the moment, as a scrape reports it. Read only then, so that requests pay nothing for it. */
import type { Sample } from './exposition.ts';
import type { MetricKey } from './metrics-catalog.ts';

export interface LoadReadings {
  readonly refusedConnections: { readonly total: number; readonly client: number };
  readonly endedConnections: { readonly idle: number; readonly requests: number; readonly unread: number };
  readonly openStreams: number;
  readonly rechecks: { readonly kept: number; readonly ended: number; readonly unknown: number };
  readonly bufferedBytes: number;
  readonly lagMs: number;
  readonly shedShare: number;
  readonly upstreams: readonly { readonly name: string; readonly inFlight: number; readonly waiting: number }[];
}

export function* loadSamples(load: LoadReadings | null): Generator<readonly [MetricKey, Iterable<Sample>]> {
  const plain = (value: number): Sample[] => [{ labels: [], value }];
  const each = (counts: object): Sample[] =>
    Object.entries(counts).map(([label, value]) => ({ labels: [label], value: Number(value) }));
  const upstreams = load?.upstreams ?? [];
  yield ['connectionsRefused', each(load?.refusedConnections ?? { total: 0, client: 0 })];
  yield ['connectionsEnded', each(load?.endedConnections ?? { idle: 0, requests: 0, unread: 0 })];
  yield ['streams', plain(load?.openStreams ?? 0)];
  yield ['rechecks', each(load?.rechecks ?? { kept: 0, ended: 0, unknown: 0 })];
  yield ['bufferedBytes', plain(load?.bufferedBytes ?? 0)];
  yield ['eventLoopLag', plain((load?.lagMs ?? 0) / 1000)];
  yield ['shedShare', plain(load?.shedShare ?? 0)];
  yield ['upstreamInFlight', upstreams.map(({ name, inFlight }) => ({ labels: [name], value: inFlight }))];
  yield ['upstreamWaiting', upstreams.map(({ name, waiting }) => ({ labels: [name], value: waiting }))];
}
