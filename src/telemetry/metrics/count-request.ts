/**
 * Counts a request that has ended. Label values come only from the configuration or a fixed list: route ids, upstreams, methods, statuses,
 * reasons.
 */

import { reasons } from '../../core/outcome/reasons.ts';
import { statusTexts } from '../../http1/grammar/node-http.ts';
import type { RequestRecord } from '../request-record.ts';
import { conditionOf, outcomeOf } from '../request-record.ts';
import { noRoute, type RequestSeries } from './request-series.ts';

/** Methods that have their own label; every other one is `other`. */
const labeledMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

export function countRequest(series: RequestSeries, record: RequestRecord): void {
  const { decision, decidedAt, respondedAt, method, reason } = record;
  // A request that outlived a reload may have a route that no longer exists.
  const id = decision?.route?.id;
  const route = id !== undefined && series.inUse.routes.has(id) ? id : noRoute;
  series.requests.inc({
    route,
    method: labeledMethods.has(method) ? method : 'other',
    status: statusLabel(record.status),
    outcome: outcomeOf(record),
  });
  if (record.dialect !== null) series.checks.inc({ dialect: record.dialect, outcome: outcomeOf(record) });
  const duration = seconds(record.startedAt, record.endedAt);
  series.durations.observe({ route }, duration);
  if (record.trace?.sampled === true) {
    series.exemplars.note(route, { traceId: record.trace.traceId, value: duration, atMs: Date.now() });
  }
  if (record.bytesIn > 0) series.received.inc({ route }, record.bytesIn);
  if (record.bytesOut > 0) series.sent.inc({ route }, record.bytesOut);
  if (reason !== null) series.refusals.inc({ route, reason });
  const condition = conditionOf(record);
  if (condition !== null) series.conditions.inc({ route, condition });
  if (record.aborted) series.aborted.inc({ route });
  if (record.cut && reason !== null && reasons[reason].fault === 'upstream') series.cut.inc({ route });
  if (decision === null || decidedAt <= 0) return;
  series.decisions.observe({ source: decision.source }, seconds(record.startedAt, decidedAt));
  if (respondedAt <= 0 || decision.outcome !== 'allow' || !series.inUse.upstreams.has(decision.route.upstream)) return;
  series.upstreams.observe({ upstream: decision.route.upstream }, seconds(decidedAt, respondedAt));
}

/** Statuses that HTTP registers are labels; an invented one counts as its class. */
function statusLabel(status: number): string {
  if (statusTexts[status] !== undefined) return String(status);
  return status >= 100 && status < 1000 ? `${Math.floor(status / 100)}xx` : 'none';
}

/** Never negative, even if the clock was read out of order. */
function seconds(fromMs: number, toMs: number): number {
  return toMs > fromMs ? (toMs - fromMs) / 1000 : 0;
}
