/** The upstreams of one configuration: their targets in turn, healthy ones only. Created and replaced as a whole. */
import type { UpstreamConfig } from '../config/config.ts';
import type { ReasonCode } from '../core/outcome/reasons.ts';
import type { OutgoingRequest } from '../http1/client/request.ts';
import { Admission } from './admission.ts';
import { type HealthEvents, watchHealth } from './check-health.ts';
import { Target } from './target.ts';
import type { UpstreamEvents } from './upstream-events.ts';
import { UpstreamRequest } from './upstream-request.ts';

export interface Upstreams {
  /** Throws if there is none: the configuration has checked every name. */
  get(name: string): Upstream;
  all(): Iterable<Upstream>;
  /** None of them has room, or had room a moment ago: a request can be refused before the decision. */
  readonly congested: boolean;
  /** How long the first request that waits for a connection has waited at `nowMs`; infinite while `congested`. */
  backlogMs(nowMs: number): number;
  /** Stops the health checks and lets requests in flight finish; new ones find the targets unreachable. */
  close(): Promise<void>;
  /** Aborts requests in flight. */
  destroy(): Promise<void>;
}

export interface ServiceEvents extends HealthEvents {
  /** A request no longer waits for its turn at an upstream: its turn came, or the request was given up. */
  upstreamWaited(upstream: string, seconds: number): void;
  /** Bytes of a target arrived that belong to no request. */
  unrequestedResponse(upstream: string, target: string): void;
}

export function createUpstreams(configs: ReadonlyMap<string, UpstreamConfig>, events?: ServiceEvents): Upstreams {
  const upstreams = new Map([...configs].map(([name, config]) => [name, new Upstream(config, events)]));
  const list = [...upstreams.values()];
  const watches = [...configs.values()].flatMap((config) => {
    const { name, health } = config;
    const targets = health === null ? [] : (upstreams.get(name)?.targets ?? []);
    return targets.map((target) => watchHealth(name, target, health!, config, events));
  });
  const forEachTarget = async (act: (target: Target) => Promise<void>) => {
    await Promise.all(list.flatMap(({ targets }) => targets.map(act)));
  };
  return {
    get(name) {
      const upstream = upstreams.get(name);
      if (upstream === undefined) throw new Error('a route names an upstream that does not exist');
      return upstream;
    },
    all: () => list,
    get congested() {
      for (let i = 0; i < list.length; i += 1) if (!list[i]!.admission.congested) return false;
      return list.length > 0;
    },
    backlogMs(nowMs) {
      if (this.congested) return Number.POSITIVE_INFINITY;
      return list.reduce((longest, { admission }) => Math.max(longest, admission.waitedMs(nowMs)), 0);
    },
    async close() {
      for (const watch of watches) watch.stop();
      await Promise.all(list.map(({ admission }) => admission.empty()));
      await forEachTarget((target) => target.close());
    },
    destroy() {
      for (const watch of watches) watch.stop();
      return forEachTarget((target) => target.destroy());
    },
  };
}

export class Upstream {
  readonly name: string;
  readonly targets: readonly Target[];
  readonly admission: Admission;
  /** Sent with every request to the Auth API; null: another service. */
  readonly gatewaySecret: string | null;
  /** The Host that it receives: a name, "keep" for that of the client, or "target". */
  readonly host: string;
  /** Each connection begins with the address of its client, and carries requests of that one only. */
  readonly announces: boolean;
  /** Bodies in chunks are gathered, however slowly they arrive. */
  readonly buffersChunked: boolean;
  /** Maximum wait in its queue. */
  readonly waitMs: number;
  readonly #events: ServiceEvents | undefined;
  #turn = 0;

  constructor(config: UpstreamConfig, events?: ServiceEvents) {
    this.#events = events;
    this.name = config.name;
    const unrequested = (target: string) => events?.unrequestedResponse(this.name, target);
    this.targets = config.targets.map((origin) => new Target(origin, config, () => unrequested(origin)));
    this.admission = new Admission({
      connections: () => this.#connections,
      requestsPerClient: config.requestsPerClient,
      maxWaiting: config.queue.length,
      streams: config.streams,
      streamsPerClient: config.streamsPerClient,
    });
    this.waitMs = config.queue.waitMs;
    this.gatewaySecret = config.gatewaySecret;
    this.host = config.host;
    this.announces = config.proxyProtocol !== null;
    this.buffersChunked = config.bufferChunkedBodies;
  }

  waited(seconds: number): void {
    this.#events?.upstreamWaited(this.name, seconds);
  }

  /** Requests on connections of the pools, over all targets. */
  get inFlight(): number {
    let sum = 0;
    for (const { inFlight } of this.targets) sum += inFlight;
    return sum;
  }

  /** Maximum connections of the healthy targets. */
  get #connections(): number {
    let sum = 0;
    for (const { healthy, connections } of this.targets) if (healthy) sum += connections;
    return sum;
  }

  /** A request that begins with its `start`. `clientKey`: the client key. */
  request(clientKey: string, request: OutgoingRequest, events: UpstreamEvents): UpstreamRequest {
    return new UpstreamRequest(this, clientKey, request, events);
  }

  /** A connection became free: the first in the queue gets its turn. */
  freed(): void {
    if (this.admission.waiting > 0 && this.targets.some(usable)) this.admission.next();
  }

  /**
   * The next untried target, in rotation. Targets with a recently failed connection come last. Reasons: `upstream_unavailable`,
   * `upstream_unreachable`; `upstream_busy`: a connection may become free. `pooled`: the request uses one of the pool's connections.
   */
  pick(tried: ReadonlySet<Target> | null, pooled = true): Target | ReasonCode {
    const { targets } = this;
    if (targets.length === 1) {
      const only = targets[0]!;
      if (tried !== null) return 'upstream_unreachable';
      if (!only.healthy) return 'upstream_unavailable';
      return pooled && isFull(only) ? 'upstream_busy' : only;
    }
    this.#turn = (this.#turn + 1) % targets.length;
    let second: Target | null = null;
    let reason: ReasonCode = tried === null ? 'upstream_unavailable' : 'upstream_unreachable';
    for (let i = 0; i < targets.length; i += 1) {
      const target = targets[(this.#turn + i) % targets.length]!;
      if (!target.healthy || tried?.has(target) === true) continue;
      if (pooled && isFull(target)) reason = 'upstream_busy';
      else if (target.suspect) second ??= target;
      else return target;
    }
    return second ?? reason;
  }
}

function usable(target: Target): boolean {
  return target.healthy && !isFull(target);
}

/** Every connection is in use. */
function isFull({ inFlight, connections }: Target): boolean {
  return inFlight >= connections;
}
