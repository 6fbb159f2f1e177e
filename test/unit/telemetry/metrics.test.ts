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
      'invalid HTTP',
      { decision: null, reason: 'request_malformed' as const, status: 400, method: '' },
      { route: '(none)', method: 'other', status: '400', outcome: 'refuse' },
    ],
    [
      'aborted before a decision',
      { decision: null, status: 0 },
      { route: '(none)', method: 'GET', status: 'none', outcome: 'abandon' },
    ],
    [
      'without a route',
      { decision: refused('route_not_found', null), reason: 'route_not_found' as const, status: 404 },
      { route: '(none)', method: 'GET', status: '404', outcome: 'refuse' },
    ],
    ['with an unusual method', { method: 'PURGE' }, { ...requestLabels, method: 'other' }],
    ['with an unassigned status', { status: 499 }, { ...requestLabels, status: '4xx' }],
    ['with a status beyond HTTP', { status: 999 }, { ...requestLabels, status: '9xx' }],
    ['with an invalid status', { status: 4242 }, { ...requestLabels, status: 'none' }],
  ])('%s', async (_, part, labels) => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord(part));
    telemetry.observe(makeRecord(part));
    const text = await telemetry.registry.metrics();
    expect(sampleValue(text, 'rolegate_requests_total', labels)).toBe(2);
    expect(readMetrics(text).get('rolegate_requests_total')?.samples).toHaveLength(1);
  });

  test('by reason, with bytes and aborted transfers', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord({ reason: 'upstream_failed', status: 502, bytesIn: 5, bytesOut: 7, cut: true }));
    telemetry.observe(makeRecord({ aborted: true, bytesIn: 10, bytesOut: 1 }));
    const text = await telemetry.registry.metrics();
    const route = { route: 'orders' };
    expect(sampleValue(text, 'rolegate_refusals_total', { ...route, reason: 'upstream_failed' })).toBe(1);
    expect(sampleValue(text, 'rolegate_received_body_bytes_total', route)).toBe(15);
    expect(sampleValue(text, 'rolegate_sent_body_bytes_total', route)).toBe(8);
    expect(sampleValue(text, 'rolegate_responses_cut_total', route)).toBe(1);
    expect(sampleValue(text, 'rolegate_requests_aborted_total', route)).toBe(1);
    expect(sampleValue(text, 'rolegate_requests_aborted_total', { route: 'public' })).toBe(0);
  });
});

test('a response that ends with its access, or with its client, is not cut by the service', async () => {
  const { telemetry } = collect('silent');
  for (const reason of ['access_revoked', 'request_timeout', 'internal_error'] as const)
    telemetry.observe(makeRecord({ reason, cut: true }));
  const cut = async () =>
    sampleValue(await telemetry.registry.metrics(), 'rolegate_responses_cut_total', { route: 'orders' });
  expect(await cut()).toBe(0);
  telemetry.observe(makeRecord({ reason: 'upstream_timeout', cut: true }));
  expect(await cut()).toBe(1);
});

test('the clock is compared with that of Redis as soon as it has replied', async () => {
  const { telemetry } = collect('silent');
  const offset = async () => sampleValue(await telemetry.registry.metrics(), 'rolegate_clock_offset_seconds');
  expect(await offset()).toBeUndefined();
  telemetry.identityEvents.clock(-1500);
  expect(await offset()).toBe(-1.5);
});

test('counters that alerts watch exist before their first increment', async () => {
  const { telemetry } = collect('silent');
  const text = await telemetry.registry.metrics();
  for (const route of ['orders', 'public', '(none)'])
    expect(sampleValue(text, 'rolegate_refusals_total', { route, reason: 'internal_error' })).toBe(0);
  for (const outcome of ['started', 'followed', 'lost'])
    expect(sampleValue(text, 'rolegate_revocation_catch_ups_total', { outcome })).toBe(0);
});

describe('durations', () => {
  test('fall into cumulative buckets in seconds', async () => {
    const { telemetry } = collect('silent');
    for (const endedAt of [1001, 1004, 1004, 1_000_000]) telemetry.observe(makeRecord({ endedAt }));
    const text = await telemetry.registry.metrics();
    const bucket = (le: string) =>
      sampleValue(text, 'rolegate_request_duration_seconds_bucket', { route: 'orders', le });
    expect([bucket('0.001'), bucket('0.0025'), bucket('0.005'), bucket('30'), bucket('+Inf')]).toEqual([1, 1, 3, 3, 4]);
    expect(sampleValue(text, 'rolegate_request_duration_seconds_count', { route: 'orders' })).toBe(4);
    expect(sampleValue(text, 'rolegate_request_duration_seconds_sum', { route: 'orders' })).toBeCloseTo(999.009, 6);
  });

  test('of the decision are labeled with the source, of the upstream with its name', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord());
    telemetry.observe(makeRecord({ decision: refused('auth_timeout'), reason: 'auth_timeout', respondedAt: 0 }));
    telemetry.observe(makeRecord({ decision: null, decidedAt: 0, respondedAt: 0 }));
    telemetry.observe(makeRecord({ reason: 'upstream_unreachable', status: 502, respondedAt: 0 }));
    const text = await telemetry.registry.metrics();
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
    const text = await telemetry.registry.metrics();
    expect(sampleValue(text, 'rolegate_request_duration_seconds_sum', { route: 'orders' })).toBe(0);
    expect(sampleValue(text, 'rolegate_request_duration_seconds_count', { route: 'orders' })).toBe(2);
  });
});

describe('a reload', () => {
  const reloaded = makeTable([
    { on: '/other/**', id: 'other' },
    { on: '/v1/orders/**', id: 'orders', access: ['user'] },
  ]);

  test('keeps the numbers of a route with the same id, and drops a removed route', async () => {
    const { telemetry } = collect('silent');
    telemetry.observe(makeRecord());
    telemetry.observe(makeRecord({ decision: allowed(routeOf('public')) }));
    telemetry.useRoutes(reloaded);
    telemetry.observe(makeRecord({ decision: allowed(routeOf('orders', reloaded)) }));
    const text = await telemetry.registry.metrics();
    expect(sampleValue(text, 'rolegate_requests_total', requestLabels)).toBe(2);
    expect(sampleValue(text, 'rolegate_requests_total', { ...requestLabels, route: 'public' })).toBeUndefined();
    expect(sampleValue(text, 'rolegate_upstream_duration_seconds_count', { upstream: 'service' })).toBe(3);
    expect(sampleValue(text, 'rolegate_config_routes')).toBe(2);
  });

  test('does not count a request of the old table for the route that replaced it', async () => {
    const { telemetry } = collect('silent');
    telemetry.useRoutes(reloaded);
    telemetry.observe(makeRecord({ decision: allowed(table.routes[0]) }));
    telemetry.observe(makeRecord({ decision: allowed(table.routes[1]) }));
    const text = await telemetry.registry.metrics();
    expect(sampleValue(text, 'rolegate_requests_total', requestLabels)).toBe(1);
    expect(sampleValue(text, 'rolegate_requests_total', { ...requestLabels, route: 'other' })).toBeUndefined();
    expect(sampleValue(text, 'rolegate_requests_total', { ...requestLabels, route: '(none)' })).toBe(1);
  });
});

test('counts the events of identity resolution', async () => {
  const { telemetry } = collect('silent');
  const { identityEvents } = telemetry;
  identityEvents.sourceCall('authApi', 'bearer', 'accepted', null, 0.02);
  identityEvents.sourceCall('authApi', 'keyPair', 'auth_timeout', 'timeout', 2);
  identityEvents.redis('get', 'hit');
  identityEvents.sources(new Map([['authApi', 2]]));
  identityEvents.breaker('authApi', 1, 'open', null);
  identityEvents.failover('authApi', 1);
  identityEvents.sharedLookUp('led', null);
  identityEvents.sharedLookUp('pushed', 0.25);
  identityEvents.refresh('shared');
  identityEvents.evicted('rejected');
  identityEvents.sessionEvicted('redis');
  identityEvents.revokedVerdict('push');
  identityEvents.stale();
  telemetry.watchIdentity(() => ({ accepted: 7, rejected: 3, bytes: 9_000, flights: 1 }));
  const text = await telemetry.registry.metrics();
  expect(
    sampleValue(text, 'rolegate_auth_api_calls_total', {
      source: 'authApi',
      kind: 'keyPair',
      outcome: 'auth_timeout',
    }),
  ).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_call_duration_seconds_sum', { source: 'authApi', kind: 'keyPair' })).toBe(
    2,
  );
  expect(sampleValue(text, 'rolegate_redis_operations_total', { operation: 'get', outcome: 'hit' })).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_breaker_state', { source: 'authApi', url: '1', state: 'open' })).toBe(1);
  expect(sampleValue(text, 'rolegate_auth_api_breaker_state', { source: 'authApi', url: '1', state: 'closed' })).toBe(
    0,
  );
  expect(sampleValue(text, 'rolegate_auth_api_breaker_state', { source: 'authApi', url: '0', state: 'closed' })).toBe(
    1,
  );
  expect(sampleValue(text, 'rolegate_auth_api_failovers_total', { source: 'authApi', url: '1' })).toBe(1);
  expect(sampleValue(text, 'rolegate_shared_lookups_total', { outcome: 'pushed' })).toBe(1);
  expect(sampleValue(text, 'rolegate_shared_lookup_wait_seconds_sum')).toBe(0.25);
  expect(sampleValue(text, 'rolegate_shared_lookup_wait_seconds_count')).toBe(1);
  expect(sampleValue(text, 'rolegate_refreshes_total', { outcome: 'shared' })).toBe(1);
  expect(sampleValue(text, 'rolegate_cache_evictions_total', { space: 'rejected' })).toBe(1);
  expect(sampleValue(text, 'rolegate_sessions_evicted_total', { by: 'redis' })).toBe(1);
  expect(sampleValue(text, 'rolegate_revoked_verdicts_total', { place: 'push' })).toBe(1);
  expect(sampleValue(text, 'rolegate_cache_entries', { space: 'accepted' })).toBe(7);
  expect(sampleValue(text, 'rolegate_cache_bytes')).toBe(9_000);
  expect(sampleValue(text, 'rolegate_lookups_in_flight')).toBe(1);
  expect(sampleValue(text, 'rolegate_stale_verdicts_total')).toBe(1);
});

test('logs when serving of expired verdicts starts and ends', async () => {
  const { telemetry, lines } = collect('info');
  telemetry.identityEvents.serving('stale', null);
  telemetry.identityEvents.serving('fresh', null);
  expect((await lines()).map(({ level, msg }) => [level, msg])).toEqual([
    ['warn', 'the Auth API is unreachable: expired verdicts are served'],
    ['info', 'the Auth API responds again: expired verdicts are no longer served'],
  ]);
});

test('the state of the process is read at scrape time', async () => {
  const { telemetry } = collect('silent');
  let open = 3;
  const load = {
    refusedConnections: { total: 5, client: 6 },
    endedConnections: { idle: 7, requests: 8, unread: 9, lingering: 11 },
    proxyHeaders: null,
    openStreams: 7,
    rechecks: { kept: 8, ended: 9, unknown: 10 },
    bufferedBytes: 11,
    upstreams: [{ name: 'orders', inFlight: 13, waiting: 14, streams: 15 }],
  };
  telemetry.watchServer({ connections: () => open, requestsInFlight: () => 2, tunnels: () => 1, load: () => load });
  telemetry.watchShedder({ lagMs: 1_200, busy: 0.5, share: 0.4 });
  telemetry.configLoaded('0123456789ab');
  telemetry.configLoaded(null);
  const before = await telemetry.registry.metrics();
  open = 4;
  const after = await telemetry.registry.metrics();
  expect(sampleValue(before, 'rolegate_connections_open')).toBe(3);
  expect(sampleValue(after, 'rolegate_connections_open')).toBe(4);
  expect(sampleValue(after, 'rolegate_connections_refused_total', { limit: 'client' })).toBe(6);
  expect(sampleValue(after, 'rolegate_connections_ended_total', { limit: 'requests' })).toBe(8);
  expect(sampleValue(after, 'rolegate_streams_open')).toBe(7);
  expect(sampleValue(after, 'rolegate_stream_rechecks_total', { outcome: 'ended' })).toBe(9);
  expect(sampleValue(after, 'rolegate_body_buffer_bytes')).toBe(11);
  expect(sampleValue(after, 'rolegate_event_loop_lag_seconds')).toBe(1.2);
  expect(sampleValue(after, 'rolegate_event_loop_busy_ratio')).toBe(0.5);
  expect(sampleValue(after, 'rolegate_shed_ratio')).toBe(0.4);
  expect(sampleValue(after, 'rolegate_upstream_requests_in_flight', { upstream: 'orders' })).toBe(13);
  expect(sampleValue(after, 'rolegate_upstream_requests_waiting', { upstream: 'orders' })).toBe(14);
  expect(sampleValue(after, 'rolegate_upstream_streams_open', { upstream: 'orders' })).toBe(15);
  expect(sampleValue(after, 'rolegate_requests_in_flight')).toBe(2);
  expect(sampleValue(after, 'rolegate_tunnels_open')).toBe(1);
  expect(sampleValue(after, 'rolegate_config_last_load_successful')).toBe(0);
  expect(sampleValue(after, 'rolegate_config_loads_total', { result: 'failed' })).toBe(1);
  expect(sampleValue(after, 'rolegate_config_last_success_timestamp_seconds')).toBe(
    Date.UTC(2026, 0, 2, 3, 4, 5, 6) / 1000,
  );
  expect(sampleValue(after, 'rolegate_build_info', { version: '1.2.3', node: process.version })).toBe(1);
});

describe('the health of targets', () => {
  const health = {};
  const shownBy = async (telemetry: ReturnType<typeof collect>['telemetry']) => {
    const samples =
      readMetrics(await telemetry.registry.metrics()).get('rolegate_upstream_target_healthy')?.samples ?? [];
    return samples.map(({ labels, value }) => [labels['upstream'], labels['target'], value]);
  };

  test('appears before any check has failed, and not without checks', async () => {
    const { telemetry } = collect('silent');
    telemetry.useUpstreams(
      new Map([
        ['orders', { targets: ['http://a:1', 'http://b:1'], health }],
        ['plain', { targets: ['http://c:1'], health: null }],
      ]),
    );
    expect(await shownBy(telemetry)).toEqual([
      ['orders', 'http://a:1', 1],
      ['orders', 'http://b:1', 1],
    ]);
  });

  test('is dropped for a removed target, and kept for others', async () => {
    const { telemetry } = collect('silent');
    telemetry.upstreamHealth('orders', 'http://a:1', false);
    telemetry.upstreamHealth('orders', 'http://b:1', false);
    telemetry.upstreamHealth('gone', 'http://c:1', false);
    telemetry.useUpstreams(new Map([['orders', { targets: ['http://b:1'], health }]]));
    expect(await shownBy(telemetry)).toEqual([['orders', 'http://b:1', 0]]);
  });

  test('is logged when it changes', async () => {
    const { telemetry, lines } = collect('info');
    for (const healthy of [true, true, false, false, true]) telemetry.upstreamHealth('orders', 'http://a:1', healthy);
    expect((await lines()).map(({ level, msg, upstream, target }) => [level, msg, upstream, target])).toEqual([
      ['warn', 'a target is unhealthy: its health checks fail', 'orders', 'http://a:1'],
      ['info', 'a target is healthy again', 'orders', 'http://a:1'],
    ]);
  });
});
