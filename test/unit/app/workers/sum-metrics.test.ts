/** The metrics of several processes as one page, produced with `prom-client`. */
import { expect, onTestFinished, test } from 'vitest';
import { metricsMessage, WorkerMetrics } from '../../../../src/app/workers/sum-metrics.ts';
import { createTelemetry, type Telemetry } from '../../../../src/telemetry/create-telemetry.ts';
import { allowed, makeRecord, refused, routeOf, table } from '../../telemetry/make-record.ts';
import { readMetrics, sampleValue } from '../../telemetry/prometheus-text.ts';

function startProcess(worker?: number): Telemetry {
  const telemetry = createTelemetry({
    log: { level: 'silent', access: false },
    version: '1.2.3',
    destination: { write: () => {} },
    ...(worker === undefined ? {} : { worker }),
  });
  onTestFinished(() => telemetry.close());
  telemetry.useRoutes(table);
  return telemetry;
}

/** As it arrives over the channel. */
async function sent(telemetry: Telemetry) {
  return metricsMessage.parse(JSON.parse(JSON.stringify(await telemetry.metricValues())));
}

async function page(all: WorkerMetrics, supervisor: Telemetry): Promise<string> {
  return (await all.page(await supervisor.registry.getMetricsAsJSON(), 'text')).text;
}

const orders = { route: 'orders', method: 'GET', status: '200', outcome: 'allow' };

test('adds counters and histograms series by series', async () => {
  const [supervisor, one, two] = [startProcess(), startProcess(1), startProcess(2)];
  one.observe(makeRecord({ endedAt: 1000.5 }));
  for (const endedAt of [1000.5, 1_000_000]) two.observe(makeRecord({ endedAt }));
  two.observe(makeRecord({ decision: refused('role_missing'), reason: 'role_missing', status: 403 }));
  const all = new WorkerMetrics();
  all.add(one, 1, await sent(one));
  all.add(two, 2, await sent(two));
  const text = await page(all, supervisor);
  expect(sampleValue(text, 'rolegate_requests_total', orders)).toBe(3);
  expect(sampleValue(text, 'rolegate_refusals_total', { route: 'orders', reason: 'role_missing' })).toBe(1);
  const bucket = (le: string) => sampleValue(text, 'rolegate_request_duration_seconds_bucket', { route: 'orders', le });
  expect([bucket('0.001'), bucket('30'), bucket('+Inf')]).toEqual([2, 3, 4]);
  expect(all.requests(2)).toEqual([1, 3]);
});

test('a bucket keeps an exemplar of whichever worker has one', async () => {
  const [supervisor, one, two] = [startProcess(), startProcess(1), startProcess(2)];
  const all = new WorkerMetrics();
  for (const [number, worker] of [one, two].entries()) {
    const traceId = String(number + 1).repeat(32);
    const trace = { traceId, sampled: true, deciding: <T>(decide: () => T) => decide(), forwarding() {}, end() {} };
    worker.observe(makeRecord({ endedAt: 1000.5 + number / 10, traceId, trace }));
    all.add(worker, number + 1, await sent(worker));
  }
  const { text } = await all.page(await supervisor.registry.getMetricsAsJSON(), 'openmetrics');
  expect(text).toMatch(/_bucket\{le="0.001",route="orders"\} 2 # \{trace_id="[12]{32}"\} 0\.000[56]\d* \d/);
});

test('series without observations are 0, not absent', async () => {
  const [supervisor, worker] = [startProcess(), startProcess(1)];
  const all = new WorkerMetrics();
  all.add(worker, 1, await sent(worker));
  const text = await page(all, supervisor);
  expect(sampleValue(text, 'rolegate_request_duration_seconds_count', { route: 'public' })).toBe(0);
  expect(sampleValue(text, 'rolegate_sent_body_bytes_total', { route: 'public' })).toBe(0);
});

test('aggregates gauges by their meaning: sum, maximum, minimum or first', async () => {
  const [supervisor, one, two] = [startProcess(), startProcess(1), startProcess(2)];
  supervisor.configLoaded(null);
  for (const [worker, lagMs, connected] of [
    [one, 2_000, true],
    [two, 1_000, false],
  ] as const) {
    worker.configLoaded('0123456789ab');
    worker.watchRevocations(() => ({ connected, tombstones: 3 }));
    const load = {
      refusedConnections: { total: 1, client: 0 },
      endedConnections: { idle: 0, requests: 0, unread: 0, lingering: 0 },
      handshakes: null,
      certificates: [],
      proxyHeaders: null,
      openStreams: 2,
      rechecks: { kept: 0, ended: 0, unknown: 0 },
      bufferedBytes: 0,
      upstreams: [],
    };
    worker.watchServer({ connections: () => 4, requestsInFlight: () => 0, tunnels: () => 0, load: () => load });
    worker.watchShedder({ lagMs, busy: 0, share: 0 });
  }
  const all = new WorkerMetrics();
  all.add(one, 1, await sent(one));
  all.add(two, 2, await sent(two));
  const text = await page(all, supervisor);
  expect(sampleValue(text, 'rolegate_config_last_load_successful')).toBe(0);
  expect(sampleValue(text, 'rolegate_config_loads_total', { result: 'ok' })).toBe(0);
  expect(sampleValue(text, 'rolegate_event_loop_lag_seconds')).toBe(2);
  expect(sampleValue(text, 'rolegate_revocations_connected')).toBe(0);
  expect(sampleValue(text, 'rolegate_revocation_tombstones')).toBe(3);
  expect(sampleValue(text, 'rolegate_connections_open')).toBe(8);
  expect(sampleValue(text, 'rolegate_connections_refused_total', { limit: 'total' })).toBe(2);
  expect(sampleValue(text, 'rolegate_build_info', { version: '1.2.3', node: process.version })).toBe(1);
  const started = readMetrics(text).get('process_start_time_seconds')!.samples;
  expect(started.map(({ value }) => value > 1e9 && value < 1e10)).toEqual([true]);
});

test('keeps the counts of a process that ended, for existing routes only', async () => {
  const [supervisor, worker] = [startProcess(), startProcess(1)];
  worker.observe(makeRecord());
  worker.observe(makeRecord({ decision: allowed(routeOf('public')) }));
  worker.upstreamHealth('service', 'http://a:1', true);
  const all = new WorkerMetrics();
  all.add(worker, 1, await sent(worker));
  all.gone(worker);
  all.useRoutes(new Set(['orders']));
  const text = await page(all, supervisor);
  expect(sampleValue(text, 'rolegate_requests_total', orders)).toBe(1);
  expect(sampleValue(text, 'rolegate_requests_total', { ...orders, route: 'public' })).toBeUndefined();
  expect(readMetrics(text).get('rolegate_upstream_target_healthy')?.samples).toEqual([]);
  expect(all.requests(1)).toEqual([2]);
});

test('ignores metrics of a process that has ended, so a late response keeps no gauge', async () => {
  const [supervisor, ended, runs] = [startProcess(), startProcess(1), startProcess(2)];
  const all = new WorkerMetrics();
  ended.observe(makeRecord());
  ended.watchRevocations(() => ({ connected: false, tombstones: 3 }));
  runs.watchRevocations(() => ({ connected: true, tombstones: 1 }));
  all.add(ended, 1, await sent(ended));
  const late = await sent(ended);
  all.gone(ended);
  // It responded in time, the other one only after its end.
  all.add(ended, 1, late);
  all.add(runs, 2, await sent(runs));
  const text = await page(all, supervisor);
  expect(sampleValue(text, 'rolegate_revocations_connected')).toBe(1);
  expect(sampleValue(text, 'rolegate_revocation_tombstones')).toBe(1);
  expect(sampleValue(text, 'rolegate_requests_total', orders)).toBe(1);
  expect(all.requests(2)).toEqual([1, 0]);
});

test('validates messages of workers strictly', async () => {
  const good = { name: 'rolegate_x', help: 'x', type: 'gauge', aggregator: 'sum', values: [{ value: 1, labels: {} }] };
  expect(metricsMessage.safeParse([good]).success).toBe(true);
  for (const bad of [
    null,
    {},
    [{ ...good, name: 'x\n' }],
    [{ ...good, type: 'other' }],
    [{ ...good, aggregator: 'product' }],
    [{ ...good, values: [{ value: '1', labels: {} }] }],
    [{ ...good, values: [{ value: 1, labels: { 'a"': 'b' } }] }],
    [{ ...good, values: [{ value: 1, labels: {}, metricName: 'x 1\ny' }] }],
  ]) {
    expect(metricsMessage.safeParse(bad).success).toBe(false);
  }
});
