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

export interface CheckedUpstream {
  readonly targets: readonly string[];
  /** Null: no health checks. */
  readonly health: object | null;
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

  /** Returns whether that is a change. */
  upstreamHealth(name: string, target: string, healthy: boolean): boolean {
    const targets = this.#health.get(name) ?? new Map<string, boolean>();
    const changed = (targets.get(target) ?? true) !== healthy;
    targets.set(target, healthy);
    this.#health.set(name, targets);
    return changed;
  }

  /**
   * Targets with health checks count as healthy until one says otherwise. Those that the configuration no longer names
   * are forgotten, so that they do not page an operator.
   */
  useUpstreams(upstreams: ReadonlyMap<string, CheckedUpstream>): void {
    for (const [name, { health, targets }] of upstreams) {
      if (health === null) continue;
      const known = this.#health.get(name);
      this.#health.set(name, new Map(targets.map((target) => [target, known?.get(target) ?? true])));
    }
    for (const name of this.#health.keys())
      if ((upstreams.get(name)?.health ?? null) === null) this.#health.delete(name);
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
