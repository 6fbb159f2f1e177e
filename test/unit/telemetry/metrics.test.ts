import { describe, expect, test } from 'vitest';
import { makeTable } from '../core/make-policy.ts';
import { allowed, collect, makeRecord, refused, routeOf, table } from './make-record.ts';
import { readMetrics, sampleValue } from './prometheus-text.ts';

const requestLabels = { route: 'orders', method: 'GET', status: '200', outcome: 'allow' };

describe('requests are counted', () => {
  test.each([
    ['answered', {}, requestLabels],
    [
      'refused',
      { decision: refused('credential_rejected'), reason: 'credential_rejected' as const, status: 401 },
      { ...requestLabels, status: '401', outcome: 'refuse' },
    ],
    [
      'failed in forwarding',
      { reason: 'upstream_timeout' as const, status: 504 },
      { ...requestLabels, status: '504', outcome: 'fail' },
    ],
    [
      'no valid HTTP',
      { decision: null, reason: 'request_malformed' as const, status: 400, method: '' },
      { route: '(none)', method: 'other', status: '400', outcome: 'refuse' },
    ],
    [
      'broken off before a decision',
      { decision: null, status: 0 },
      { route: '(none)', method: 'GET', status: 'none', outcome: 'abandon' },
    ],
    [
      'without a route',
      { decision: refused('route_not_found', null), reason: 'route_not_found' as const, status: 404 },
      { route: '(none)', method: 'GET', status: '404', outcome: 'refuse' },
    ],
    ['with a method of its own', { method: 'PURGE' }, { ...requestLabels, method: 'other' }],
    ['with a status that HTTP does not know', { status: 499 }, { ...requestLabels, status: '4xx' }],
    ['with a status beyond HTTP', { status: 999 }, { ...requestLabels, status: '9xx' }],
    ['with a status that is none', { status: 4242 }, { ...requestLabels, status: 'none' }],
  ])('%s', async (_, part, labels) => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord(part));
    telemetry.observe(makeRecord(part));
    const text = await telemetry.metricsText();
    expect(sampleValue(text, 'rolegate_requests_total', labels)).toBe(2);
    expect(readMetrics(text).get('rolegate_requests_total')?.samples).toHaveLength(1);
  });

  test('by reason, with bytes and broken ends', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord({ reason: 'upstream_failed', status: 502, bytesIn: 5, bytesOut: 7, cut: true }));
    telemetry.observe(makeRecord({ aborted: true, bytesIn: 10, bytesOut: 1 }));
    const text = await telemetry.metricsText();
    const route = { route: 'orders' };
    expect(sampleValue(text, 'rolegate_refusals_total', { ...route, reason: 'upstream_failed' })).toBe(1);
    expect(sampleValue(text, 'rolegate_received_body_bytes_total', route)).toBe(15);
    expect(sampleValue(text, 'rolegate_sent_body_bytes_total', route)).toBe(8);
    expect(sampleValue(text, 'rolegate_answers_cut_total', route)).toBe(1);
    expect(sampleValue(text, 'rolegate_requests_aborted_total', route)).toBe(1);
    expect(sampleValue(text, 'rolegate_requests_aborted_total', { route: 'public' })).toBe(0);
  });
});

describe('durations', () => {
  test('fall into cumulative buckets in seconds', async () => {
    const { telemetry } = collect('silent');
    for (const endedAt of [1001, 1004, 1004, 1_000_000]) telemetry.observe(makeRecord({ endedAt }));
    const text = await telemetry.metricsText();
    const bucket = (le: string) =>
      sampleValue(text, 'rolegate_request_duration_seconds_bucket', { route: 'orders', le });
    expect([bucket('0.001'), bucket('0.0025'), bucket('0.005'), bucket('30'), bucket('+Inf')]).toEqual([1, 1, 3, 3, 4]);
    expect(sampleValue(text, 'rolegate_request_duration_seconds_count', { route: 'orders' })).toBe(4);
    expect(sampleValue(text, 'rolegate_request_duration_seconds_sum', { route: 'orders' })).toBeCloseTo(999.009, 6);
  });

  test('of the decision go by the source, of the upstream by its name', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord());
    telemetry.observe(makeRecord({ decision: refused('auth_timeout'), reason: 'auth_timeout', answeredAt: 0 }));
    telemetry.observe(makeRecord({ decision: null, decidedAt: 0, answeredAt: 0 }));
    telemetry.observe(makeRecord({ reason: 'upstream_unreachable', status: 502, answeredAt: 0 }));
    const text = await telemetry.metricsText();
    const decisions = (source: string) => sampleValue(text, 'rolegate_decision_duration_seconds_count', { source });
    expect([decisions('memory'), decisions('none'), decisions('redis')]).toEqual([2, 1, 0]);
    expect(sampleValue(text, 'rolegate_decision_duration_seconds_sum', { source: 'memory' })).toBeCloseTo(0.0005, 9);
    expect(sampleValue(text, 'rolegate_upstream_duration_seconds_count', { upstream: 'service' })).toBe(1);
    expect(sampleValue(text, 'rolegate_upstream_duration_seconds_sum', { upstream: 'service' })).toBeCloseTo(0.003, 9);
  });

  test('are never negative, whatever the clock did', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord({ endedAt: 0 }));
    telemetry.observe(makeRecord({ endedAt: Number.NaN }));
    const text = await telemetry.metricsText();
    expect(sampleValue(text, 'rolegate_request_duration_seconds_sum', { route: 'orders' })).toBe(0);
    expect(sampleValue(text, 'rolegate_request_duration_seconds_count', { route: 'orders' })).toBe(2);
  });
});

describe('a reload', () => {
  const reloaded = makeTable([
    { on: '/other/**', id: 'other' },
    { on: '/v1/orders/**', id: 'orders', access: ['user'] },
  ]);

  test('keeps the numbers of a route that keeps its id, and forgets a route that is gone', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord());
    telemetry.observe(makeRecord({ decision: allowed(routeOf('public')) }));
    telemetry.useRoutes(reloaded);
    telemetry.observe(makeRecord({ decision: allowed(routeOf('orders', reloaded)) }));
    const text = await telemetry.metricsText();
    expect(sampleValue(text, 'rolegate_requests_total', requestLabels)).toBe(2);
    expect(sampleValue(text, 'rolegate_requests_total', { ...requestLabels, route: 'public' })).toBeUndefined();
    expect(sampleValue(text, 'rolegate_upstream_duration_seconds_count', { upstream: 'service' })).toBe(3);
    expect(sampleValue(text, 'rolegate_config_routes')).toBe(2);
  });

  test('does not count a request of the old table under the route that took its place', async () => {
    const { telemetry } = collect('silent');
    telemetry.useRoutes(reloaded);
    telemetry.observe(makeRecord({ decision: allowed(table.routes[0]) }));
    telemetry.observe(makeRecord({ decision: allowed(table.routes[1]) }));
    const text = await telemetry.metricsText();
    expect(sampleValue(text, 'rolegate_requests_total', requestLabels)).toBe(1);
    expect(sampleValue(text, 'rolegate_requests_total', { ...requestLabels, route: 'other' })).toBeUndefined();
    expect(sampleValue(text, 'rolegate_requests_total', { ...requestLabels, route: '(none)' })).toBe(1);
  });
});

test('the events of the identity room are counted', async () => {
  const { telemetry } = collect('silent');
  const { identityEvents } = telemetry;
  identityEvents.verdict('memory', 'accepted');
  identityEvents.verdict('memory', 'accepted');
  identityEvents.verdict('auth-api', 'credential_rejected');
  identityEvents.authApiCall('bearer', 'accepted', 0.02);
  identityEvents.authApiCall('key_pair', 'auth_timeout', 2);
  identityEvents.redis('get', 'hit');
  identityEvents.breaker('open');
  identityEvents.stale();
  const text = await telemetry.metricsText();
  expect(sampleValue(text, 'rolegate_verdicts_total', { source: 'memory', outcome: 'accepted' })).toBe(2);
  expect(sampleValue(text, 'rolegate_verdicts_total', { source: 'auth-api', outcome: 'credential_rejected' })).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_calls_total', { kind: 'key_pair', outcome: 'auth_timeout' })).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_call_duration_seconds_sum', { kind: 'key_pair' })).toBe(2);
  expect(sampleValue(text, 'rolegate_redis_operations_total', { operation: 'get', outcome: 'hit' })).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_breaker_state', { state: 'open' })).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_breaker_state', { state: 'closed' })).toBe(0);
  expect(sampleValue(text, 'rolegate_stale_verdicts_total')).toBe(1);
});

test('the state of the process is read when it is asked for', async () => {
  const { telemetry } = collect('silent');
  let open = 3;
  telemetry.watchServer({ connections: () => open, requestsInFlight: () => 2, tunnels: () => 1 });
  telemetry.configLoaded(true);
  telemetry.configLoaded(false);
  const before = await telemetry.metricsText();
  open = 4;
  const after = await telemetry.metricsText();
  expect(sampleValue(before, 'rolegate_connections_open')).toBe(3);
  expect(sampleValue(after, 'rolegate_connections_open')).toBe(4);
  expect(sampleValue(after, 'rolegate_requests_in_flight')).toBe(2);
  expect(sampleValue(after, 'rolegate_tunnels_open')).toBe(1);
  expect(sampleValue(after, 'rolegate_config_last_load_successful')).toBe(0);
  expect(sampleValue(after, 'rolegate_config_loads_total', { result: 'failed' })).toBe(1);
  expect(sampleValue(after, 'rolegate_config_last_success_timestamp_seconds')).toBe(
    Date.UTC(2026, 0, 2, 3, 4, 5, 6) / 1000,
  );
  expect(sampleValue(after, 'rolegate_build_info', { version: '1.2.3', node: process.version })).toBe(1);
});

test('a target that left the configuration is no longer reported as down', async () => {
  const { telemetry } = collect('silent');
  telemetry.upstreamHealth('orders', 'http://a:1', false);
  telemetry.upstreamHealth('orders', 'http://b:1', true);
  telemetry.upstreamHealth('gone', 'http://c:1', false);
  telemetry.useUpstreams(new Map([['orders', { targets: ['http://b:1'] }]]));
  const families = readMetrics(await telemetry.metricsText());
  expect(families.get('rolegate_upstream_target_healthy')?.samples).toEqual([
    { name: 'rolegate_upstream_target_healthy', labels: { upstream: 'orders', target: 'http://b:1' }, value: 1 },
  ]);
});
