/** The metrics of requests. A route that keeps its id through a reload keeps its series; those of a removed route are removed. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Route } from '../../core/routing/route.ts';
import { Exemplars } from './exemplars.ts';

/** Label of requests that matched no route; no route can have this id. */
export const noRoute = '(none)';

/** In seconds, from an upstream's fastest response to the longest reasonable timeout. */
export const exchangeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A warm decision takes microseconds, a cold one waits for the Auth API. */
const decisionBuckets = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

export type RequestSeries = ReturnType<typeof createRequestSeries>;

/** `zeros`: each route has its series from the start, before its first request. */
export function createRequestSeries(registry: Registry, zeros: boolean) {
  const registers = [registry];
  /** Route ids and upstream names in the current configuration. */
  const inUse: { routes: ReadonlySet<string>; upstreams: ReadonlySet<string> } = {
    routes: new Set(),
    upstreams: new Set(),
  };
  /** Settles when the series of removed routes are gone; a scrape waits for it. */
  let removed: Promise<unknown> = Promise.resolve();
  const collect = async () => void (await removed);

  const requests = new Counter({
    name: 'rolegate_requests_total',
    help: 'Requests that ended, by the status that the client received.',
    labelNames: ['route', 'method', 'status', 'outcome'],
    registers,
    collect,
  });
  const refusals = new Counter({
    name: 'rolegate_refusals_total',
    help: 'Requests that ended with a reason: refused, or failed while they were forwarded.',
    labelNames: ['route', 'reason'],
    registers,
    collect,
  });
  const conditions = new Counter({
    name: 'rolegate_condition_refusals_total',
    help: 'Requests that a condition of their route refused, by the reason that its author gave it.',
    labelNames: ['route', 'condition'],
    registers,
    collect,
  });
  const durations = new Histogram({
    name: 'rolegate_request_duration_seconds',
    help: 'Time from the received headers of a request to the end of its response.',
    labelNames: ['route'],
    buckets: exchangeBuckets,
    registers,
  });
  const decisions = new Histogram({
    name: 'rolegate_decision_duration_seconds',
    help: 'Time from the received headers of a request to its decision, by where the verdict came from.',
    labelNames: ['source'],
    buckets: decisionBuckets,
    registers,
  });
  const upstreams = new Histogram({
    name: 'rolegate_upstream_duration_seconds',
    help: 'Time from the decision to the beginning of the response of the upstream.',
    labelNames: ['upstream'],
    buckets: exchangeBuckets,
    registers,
  });
  const waits = new Histogram({
    name: 'rolegate_upstream_wait_seconds',
    help: 'Time that requests waited for their turn at an upstream; requests that did not wait are not counted.',
    labelNames: ['upstream'],
    buckets: exchangeBuckets,
    registers,
  });
  const received = new Counter({
    name: 'rolegate_received_body_bytes_total',
    help: 'Bytes received in request bodies.',
    labelNames: ['route'],
    registers,
  });
  const sent = new Counter({
    name: 'rolegate_sent_body_bytes_total',
    help: 'Bytes sent in response bodies.',
    labelNames: ['route'],
    registers,
  });
  const aborted = new Counter({
    name: 'rolegate_requests_aborted_total',
    help: 'Requests whose client disconnected before the response was complete.',
    labelNames: ['route'],
    registers,
  });
  const cut = new Counter({
    name: 'rolegate_responses_cut_total',
    help: 'Responses of upstreams that broke off after they had begun.',
    labelNames: ['route'],
    registers,
  });
  const checks = new Counter({
    name: 'rolegate_authorizer_checks_total',
    help: 'Checks of other proxies, by dialect and outcome: allow, refuse, fail, page or abandon.',
    labelNames: ['dialect', 'outcome'],
    registers,
  });
  const routesInUse = new Gauge({
    name: 'rolegate_config_routes',
    help: 'Routes of the configuration in use.',
    aggregator: 'first',
    registers,
  });
  const exemplars = new Exemplars(exchangeBuckets);

  const perRoute = [received, sent, aborted, cut];

  function addRoute(route: string): void {
    durations.zero({ route });
    for (const counter of perRoute) counter.inc({ route }, 0);
    // So the first internal error is an increase that an alert can detect.
    refusals.inc({ route, reason: 'internal_error' }, 0);
  }

  function removeRoute(route: string): void {
    durations.remove(route);
    exemplars.remove(route);
    for (const counter of perRoute) counter.remove(route);
  }

  /** For counters with another label besides the route. */
  async function removeRoutesOf(counter: Counter<'route'>): Promise<void> {
    for (const { labels } of (await counter.get()).values) {
      const { route } = labels;
      if (route !== noRoute && !inUse.routes.has(String(route))) counter.remove(labels);
    }
  }

  if (zeros) {
    addRoute(noRoute);
    for (const source of ['memory', 'redis', 'auth-api', 'none']) decisions.zero({ source });
  }

  return {
    requests,
    refusals,
    conditions,
    durations,
    exemplars,
    decisions,
    upstreams,
    waits,
    received,
    sent,
    aborted,
    cut,
    checks,
    inUse: inUse as Readonly<typeof inUse>,
    /** Called at start and at each reload. */
    useRoutes(routes: readonly Route[]): void {
      const before = { ...inUse };
      inUse.routes = new Set(routes.map(({ id }) => id));
      inUse.upstreams = new Set(routes.map(({ upstream }) => upstream).filter((name) => name !== ''));
      routesInUse.set(inUse.routes.size);
      for (const id of before.routes) if (!inUse.routes.has(id)) removeRoute(id);
      for (const name of before.upstreams)
        if (!inUse.upstreams.has(name)) for (const histogram of [upstreams, waits]) histogram.remove(name);
      removed = Promise.all([requests, refusals, conditions].map(removeRoutesOf));
      if (!zeros) return;
      for (const id of inUse.routes) if (!before.routes.has(id)) addRoute(id);
      for (const upstream of inUse.upstreams)
        if (!before.upstreams.has(upstream)) for (const histogram of [upstreams, waits]) histogram.zero({ upstream });
    },
  };
}
