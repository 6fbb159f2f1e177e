/**
 * Counts requests when they are over. Labels hold only what the configuration or a fixed list names: route ids, upstreams, methods,
 * statuses, reasons. A route that keeps its id through a reload keeps its numbers; those of a route that is gone are removed.
 */
import { STATUS_CODES } from 'node:http';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Route } from '../../core/routing/route.ts';
import { conditionOf, outcomeOf, type RequestRecord, shadowedOf } from '../request-record.ts';
import { Exemplars } from './exemplars.ts';
import type { MetricValues } from './registry.ts';

/** Methods that are a label of their own; every other one is `other`. */
const labeledMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Label of requests that matched no route; no route can have this id. */
export const noRoute = '(none)';

/** In seconds, from an upstream's fastest response to the longest timeout that makes sense. */
export const exchangeBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** A warm decision takes microseconds, a cold one waits for the Auth API. */
const decisionBuckets = [
  0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];

export interface RequestMetrics {
  count(record: RequestRecord): void;
  /** For its turn at an upstream; those that need not wait are not counted. */
  readonly waited: (upstream: string, seconds: number) => void;
  /** Adds the traces of requests, for OpenMetrics. */
  withExemplars(metrics: MetricValues): MetricValues;
  /** At start and at each reload. */
  useRoutes(routes: readonly Route[]): void;
}

/** `zeros`: each route has its numbers from the beginning, before its first request. */
export function createRequestMetrics(registry: Registry, zeros: boolean): RequestMetrics {
  const registers = [registry];
  let routeIds: ReadonlySet<string> = new Set();
  let upstreamNames: ReadonlySet<string> = new Set();
  /** Settles when the numbers of routes that are gone are removed; a scrape waits for it. */
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
  const shadowRefusals = new Counter({
    name: 'rolegate_shadow_refusals_total',
    help: 'Requests allowed by a route with mode: shadow that its rule refuses, by reason of the refusal or of the condition.',
    labelNames: ['route', 'reason'],
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
  const exemplars = new Exemplars(exchangeBuckets);
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
    help: 'Checks of other proxies, by dialect and outcome: allow, refuse, fail or abandon.',
    labelNames: ['dialect', 'outcome'],
    registers,
  });
  const routesInUse = new Gauge({
    name: 'rolegate_config_routes',
    help: 'Routes of the configuration in use.',
    aggregator: 'first',
    registers,
  });

  const perRoute = [received, sent, aborted, cut];

  function addRoute(route: string): void {
    durations.zero({ route });
    for (const counter of perRoute) counter.inc({ route }, 0);
  }

  function removeRoute(route: string): void {
    durations.remove(route);
    exemplars.remove(route);
    for (const counter of perRoute) counter.remove(route);
  }

  /** Those with another label beside the route. */
  async function removeRoutesOf(counter: Counter<'route'>): Promise<void> {
    for (const { labels } of (await counter.get()).values) {
      const { route } = labels;
      if (route !== noRoute && !routeIds.has(String(route))) counter.remove(labels);
    }
  }

  if (zeros) {
    addRoute(noRoute);
    for (const source of ['memory', 'redis', 'auth-api', 'none']) decisions.zero({ source });
  }

  return {
    count(record) {
      const { decision, decidedAt, respondedAt, method, reason } = record;
      // A request that outlived a reload may hold a route that is gone.
      const id = decision?.route?.id;
      const route = id !== undefined && routeIds.has(id) ? id : noRoute;
      requests.inc({
        route,
        method: labeledMethods.has(method) ? method : 'other',
        status: statusLabel(record.status),
        outcome: outcomeOf(record),
      });
      if (record.dialect !== null) checks.inc({ dialect: record.dialect, outcome: outcomeOf(record) });
      const duration = seconds(record.startedAt, record.endedAt);
      durations.observe({ route }, duration);
      if (record.trace?.sampled === true) {
        exemplars.note(route, { traceId: record.trace.traceId, value: duration, atMs: Date.now() });
      }
      if (record.bytesIn > 0) received.inc({ route }, record.bytesIn);
      if (record.bytesOut > 0) sent.inc({ route }, record.bytesOut);
      if (reason !== null) refusals.inc({ route, reason });
      const condition = conditionOf(record);
      if (condition !== null) conditions.inc({ route, condition });
      const shadowed = shadowedOf(record);
      if (shadowed !== null) shadowRefusals.inc({ route, reason: shadowed });
      if (record.aborted) aborted.inc({ route });
      if (record.cut) cut.inc({ route });
      if (decision === null || decidedAt <= 0) return;
      decisions.observe({ source: decision.source }, seconds(record.startedAt, decidedAt));
      if (respondedAt <= 0 || decision.outcome !== 'allow' || !upstreamNames.has(decision.route.upstream)) return;
      upstreams.observe({ upstream: decision.route.upstream }, seconds(decidedAt, respondedAt));
    },
    withExemplars: (metrics) => exemplars.attach(metrics),
    waited(upstream, seconds) {
      if (upstreamNames.has(upstream)) waits.observe({ upstream }, seconds);
    },
    useRoutes(routes) {
      const [before, upstreamsBefore] = [routeIds, upstreamNames];
      routeIds = new Set(routes.map(({ id }) => id));
      upstreamNames = new Set(routes.map(({ upstream }) => upstream).filter((name) => name !== ''));
      routesInUse.set(routeIds.size);
      for (const id of before) if (!routeIds.has(id)) removeRoute(id);
      for (const name of upstreamsBefore)
        if (!upstreamNames.has(name)) for (const histogram of [upstreams, waits]) histogram.remove(name);
      removed = Promise.all([requests, refusals, conditions, shadowRefusals].map(removeRoutesOf));
      if (!zeros) return;
      for (const id of routeIds) if (!before.has(id)) addRoute(id);
      for (const upstream of upstreamNames)
        if (!upstreamsBefore.has(upstream)) for (const histogram of [upstreams, waits]) histogram.zero({ upstream });
    },
  };
}

/** Statuses that HTTP registers are labels; an invented one counts as its class. */
function statusLabel(status: number): string {
  if (STATUS_CODES[status] !== undefined) return String(status);
  return status >= 100 && status < 1000 ? `${Math.floor(status / 100)}xx` : 'none';
}

/** Never negative: a clock may be read out of turn. */
function seconds(fromMs: number, toMs: number): number {
  return toMs > fromMs ? (toMs - fromMs) / 1000 : 0;
}
