/** The state of the process that a scrape reports: configuration, upstream health, what is open now, and the build. */
import type { Sample } from './exposition.ts';
import { type LoadReadings, loadSamples } from './load-gauges.ts';
import type { MetricKey } from './metrics-catalog.ts';

/** Read at each scrape, so that nothing has to be counted up and down on the way of a request. */
export interface ServerReadings {
  connections(): number;
  requestsInFlight(): number;
  tunnels(): number;
  load(): LoadReadings;
}

export class Gauges {
  readonly #build: readonly string[];
  readonly #loads = { ok: 0, failed: 0 };
  readonly #health = new Map<string, Map<string, boolean>>();
  #loadedAtMs = 0;
  #lastLoadOk = false;
  #server: ServerReadings | null = null;
  logDropped = 0;

  constructor(version: string, nodeVersion: string) {
    this.#build = [version, nodeVersion];
  }

  configLoaded(ok: boolean, nowMs: number): void {
    this.#loads[ok ? 'ok' : 'failed'] += 1;
    this.#lastLoadOk = ok;
    if (ok) this.#loadedAtMs = nowMs;
  }

  upstreamHealth(name: string, target: string, healthy: boolean): void {
    const targets = this.#health.get(name) ?? new Map<string, boolean>();
    targets.set(target, healthy);
    this.#health.set(name, targets);
  }

  /** Forgets targets that the configuration no longer names, so that nobody is paged for them. */
  useUpstreams(upstreams: ReadonlyMap<string, { readonly targets: readonly string[] }>): void {
    for (const [name, targets] of this.#health) {
      const kept = upstreams.get(name)?.targets ?? [];
      for (const target of targets.keys()) if (!kept.includes(target)) targets.delete(target);
      if (targets.size === 0) this.#health.delete(name);
    }
  }

  watchServer(readings: ServerReadings): void {
    this.#server = readings;
  }

  *samples(): Generator<readonly [MetricKey, Iterable<Sample>]> {
    const plain = (value: number): Sample[] => [{ labels: [], value }];
    yield ['requestsInFlight', plain(this.#server?.requestsInFlight() ?? 0)];
    yield ['tunnels', plain(this.#server?.tunnels() ?? 0)];
    yield ['connections', plain(this.#server?.connections() ?? 0)];
    yield* loadSamples(this.#server?.load() ?? null);
    yield ['upstreamHealthy', this.#healthSamples()];
    yield [
      'configLoads',
      [
        { labels: ['ok'], value: this.#loads.ok },
        { labels: ['failed'], value: this.#loads.failed },
      ],
    ];
    yield ['configOk', plain(this.#lastLoadOk ? 1 : 0)];
    yield ['configLoadedAt', plain(this.#loadedAtMs / 1000)];
    yield ['logDropped', plain(this.logDropped)];
    yield ['build', [{ labels: this.#build, value: 1 }]];
  }

  *#healthSamples(): Generator<Sample> {
    for (const [name, targets] of this.#health) {
      for (const [target, healthy] of targets) yield { labels: [name, target], value: healthy ? 1 : 0 };
    }
  }
}
