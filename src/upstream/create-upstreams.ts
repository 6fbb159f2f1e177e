/** The upstreams of one configuration: their targets in turn, healthy ones only. Made whole and replaced whole. */
import type { UpstreamConfig } from '../config/config.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import { type HealthEvents, watchHealth } from './check-health.ts';
import { Target } from './target.ts';

export interface Upstreams {
  /** Throws when there is none: the configuration has checked every name. */
  get(name: string): Upstream;
  all(): Iterable<Upstream>;
  /** Stops the health checks and lets requests in flight finish; new ones find the targets unreachable. */
  close(): Promise<void>;
  /** Breaks what is in flight. */
  destroy(): Promise<void>;
}

export interface UpstreamOptions {
  readonly events?: HealthEvents;
}

export function createUpstreams(
  configs: ReadonlyMap<string, UpstreamConfig>,
  options: UpstreamOptions = {},
): Upstreams {
  const upstreams = new Map([...configs].map(([name, config]) => [name, new Upstream(config)]));
  const watches = [...configs.values()].flatMap((config) => {
    const upstream = upstreams.get(config.name);
    return config.health === null || upstream === undefined
      ? []
      : upstream.targets.map((target) => watchHealth(config.name, target, config.health!, options.events));
  });
  const forEachTarget = async (act: (target: Target) => Promise<void>) => {
    for (const watch of watches) watch.stop();
    await Promise.all([...upstreams.values()].flatMap(({ targets }) => targets.map(act)));
  };
  return {
    get(name) {
      const upstream = upstreams.get(name);
      if (upstream === undefined) throw new Error('a route names an upstream that does not exist');
      return upstream;
    },
    all: () => upstreams.values(),
    close: () => forEachTarget((target) => target.close()),
    destroy: () => forEachTarget((target) => target.destroy()),
  };
}

export class Upstream {
  readonly name: string;
  readonly targets: readonly Target[];
  #turn = 0;

  constructor(config: UpstreamConfig) {
    this.name = config.name;
    this.targets = config.targets.map((origin) => new Target(origin, config));
  }

  /**
   * The next target in turn that was not tried yet. Targets where a connection failed a moment ago come last.
   * Reasons: `upstream_unavailable`, `upstream_unreachable`, `overloaded`.
   */
  pick(tried: ReadonlySet<Target> | null): Target | ReasonCode {
    const { targets } = this;
    if (targets.length === 1) {
      const only = targets[0]!;
      if (tried !== null) return 'upstream_unreachable';
      if (!only.healthy) return 'upstream_unavailable';
      return only.full ? 'overloaded' : only;
    }
    this.#turn = (this.#turn + 1) % targets.length;
    let second: Target | null = null;
    let reason: ReasonCode = tried === null ? 'upstream_unavailable' : 'upstream_unreachable';
    for (let i = 0; i < targets.length; i += 1) {
      const target = targets[(this.#turn + i) % targets.length]!;
      if (!target.healthy || tried?.has(target) === true) continue;
      if (target.full) reason = 'overloaded';
      else if (target.suspect) second ??= target;
      else return target;
    }
    return second ?? reason;
  }
}
