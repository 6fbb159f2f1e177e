/** The admin port over real HTTP: its pages and its refusals. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AdminRefusal, createAdminServer } from '../../../src/admin/admin-server.ts';
import type { ReadyReport } from '../../../src/admin/ready-report.ts';
import { createTelemetry } from '../../../src/telemetry/create-telemetry.ts';
import { openRaw, sendRaw } from '../../support/raw-client.ts';
import { makeTable } from '../../unit/core/make-policy.ts';
import { makeRecord } from '../../unit/telemetry/make-record.ts';
import { readMetrics, sampleValue } from '../../unit/telemetry/prometheus-text.ts';
import { adminOptions, errorIdShape, expectProblem, startAdmin, table, up } from './running-admin.ts';

const authApi = (reachable: boolean | null) => ({ name: 'authApi', reachable, failures: [] });

describe('returns', () => {
  test('current metrics in the text format', async () => {
    const telemetry = createTelemetry({
      log: { level: 'silent', access: false },
      version: '1.2.3',
      destination: { write: () => undefined },
    });
    onTestFinished(() => telemetry.close());
    telemetry.useRoutes(table);
    telemetry.observe(makeRecord({ decision: null, reason: 'request_malformed', status: 400 }));
    const { ask } = await startAdmin({
      metrics: (format) => telemetry.metricsPage(format),
    });
    const answer = await ask('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(readMetrics(answer.text).has('process_cpu_user_seconds_total')).toBe(true);
    const labels = { route: '(none)', method: 'GET', status: '400', outcome: 'refuse' };
    expect(sampleValue(answer.text, 'rolegate_requests_total', labels)).toBe(1);
  });

  test('liveness', async () => {
    const { ask } = await startAdmin();
    const answer = await ask('/health/live');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { status: 'live' }]);
    expectProblem(await (await startAdmin({ live: () => false })).ask('/health/live'), 500, 'internal_error');
  });

  test.each([
    ['without Redis and mail', {}, {}],
    ['with Redis', { redis: true, revocations: true }, { redis: 'ok', revocations: 'ok' }],
    ['with Redis down, which does not affect readiness', { redis: false }, { redis: 'down' }],
    [
      'without a connection to revocations, which does not affect readiness either',
      { revocations: false },
      { revocations: 'down' },
    ],
    ['with mail', { mail: true }, { mail: 'ok' }],
    ['with a key for signing identities', { identityKeys: true }, { identityKeys: 'ok' }],
    [
      'with one of two sources down',
      { sources: [authApi(true), { ...authApi(false), name: 'partners' }] },
      { 'sources.partners': 'down' },
    ],
    ['with its only source down, which all replicas share', { sources: [authApi(false)] }, { authApi: 'down' }],
    ['with mail down, which does not affect readiness', { mail: false }, { mail: 'down' }],
  ])('ready %s', async (_, part, checks) => {
    const { ask } = await startAdmin({ ready: async () => ({ ...up, ...part }) });
    const answer = await ask('/health/ready?verbose');
    expect(answer.status).toBe(200);
    const none = { redis: 'not configured', revocations: 'not configured', mail: 'not configured' };
    expect(JSON.parse(answer.text)).toEqual({
      status: 'ready',
      checks: { configuration: 'ok', authApi: 'ok', ...none, ...checks, draining: 'no' },
    });
  });

  test.each([
    [
      'the Auth API is down and readiness depends on it',
      { readyWithoutSources: false, sources: [authApi(false)] },
      'auth_unavailable',
      { authApi: 'down' },
    ],
    [
      'it is draining',
      { draining: true, sources: [authApi(null)] },
      'draining',
      { draining: 'yes', authApi: 'not checked' },
    ],
    [
      'there is no key for signing identities',
      { identityKeys: false },
      'signing_key_missing',
      { identityKeys: 'down' },
    ],
    ['there is no configuration', { configuration: false }, 'not_ready', { configuration: 'down' }],
  ])('not ready when %s', async (_, part, code, checks) => {
    const { ask } = await startAdmin({ ready: async () => ({ ...up, ...part }) });
    const answer = await ask('/health/ready');
    expectProblem(answer, 503, code);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(JSON.parse(answer.text)).toMatchObject({ checks });
  });

  test('OpenMetrics if the scraper requests it', async () => {
    const { ask } = await startAdmin({ metrics: async (format) => ({ type: 'text/plain', text: format }) });
    expect((await ask('/metrics')).text).toBe('text');
    expect((await ask('/metrics', { headers: { accept: 'application/openmetrics-text;version=1.0.0' } })).text).toBe(
      'openmetrics',
    );
  });

  test('the current routes', async () => {
    let routes = table;
    const { ask } = await startAdmin({ routes: () => routes });
    const before = JSON.parse((await ask('/routes')).text);
    expect(before.routes).toMatchObject([
      {
        id: 'orders',
        index: 0,
        path: '/v1/orders/**',
        access: [
          { method: 'GET', rule: ['user'] },
          { method: 'HEAD', rule: ['user'] },
          { method: 'DELETE', rule: { all: ['admin'] } },
        ],
      },
    ]);
    routes = makeTable([{ on: '/new', id: 'new' }]);
    expect(JSON.parse((await ask('/routes')).text).routes).toMatchObject([{ id: 'new' }]);
  });

  test('an index of pages that all exist', async () => {
    const { ask } = await startAdmin();
    const index = await ask('/');
    expect(index.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const paths = index.text.split('\n').filter((line) => line.startsWith('/'));
    expect(paths).toEqual(['/metrics', '/health/live', '/health/ready', '/routes', '/openapi.json']);
    for (const path of paths) expect((await ask(path)).status).toBe(200);
  });

  test('the headers of GET for HEAD, without a body', async () => {
    const { port } = await startAdmin();
    const head = await sendRaw(port, 'HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect([head.status, head.header('content-length'), head.body.length]).toEqual([200, '4', 0]);
  });

  test.each(['/', '/metrics', '/health/ready', '/nothing'])(
    '%s with headers against storing, sniffing and embedding',
    async (path) => {
      const { headers } = await (await startAdmin()).ask(path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});

describe('refuses', () => {
  test.each(['/nothing', '/metrics/', '/METRICS', '//metrics', '/health/../metrics', '/__proto__', '/constructor'])(
    '%s with 404',
    async (path) => {
      const { port } = await startAdmin();
      const answer = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect([answer.status, answer.header('x-error-id')]).toEqual([404, expect.stringMatching(errorIdShape)]);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE'])('%s with 405', async (method) => {
    const { ask } = await startAdmin();
    const answer = await ask('/metrics', { method, ...(method === 'POST' ? { body: 'x' } : {}) });
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
  });

  test.each([
    ['metrics', { metrics: () => Promise.reject(new Error('secret cause')) }, '/metrics'],
    ['readiness', { ready: () => Promise.reject(new Error('secret cause')) }, '/health/ready'],
    [
      'routes',
      {
        routes: () => {
          throw new Error('secret cause');
        },
      },
      '/routes',
    ],
  ])('%s after an internal error, as 500 without the cause, which is logged', async (_, part, path) => {
    const refusals: AdminRefusal[] = [];
    const { ask } = await startAdmin({ ...part, refused: (refusal) => refusals.push(refusal) });
    const answer = await ask(path);
    expectProblem(answer, 500, 'internal_error');
    expect(answer.text).not.toContain('secret cause');
    const errorId = answer.headers.get('x-error-id');
    const cause = new Error('secret cause');
    expect(refusals).toEqual([{ reason: 'internal_error', errorId, method: 'GET', endpoint: path, cause }]);
    expect((await ask('/health/live')).status).toBe(200);
  });

  test.each([
    ['bytes that are not HTTP', 'nonsense\r\n\r\n', 400, 'request_malformed'],
    [
      'headers without an end',
      `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'a'.repeat(9000)}\r\n\r\n`,
      431,
      'headers_too_large',
    ],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: localhost\r\n\r\n', 501, 'method_unsupported'],
    ['an expectation', 'GET / HTTP/1.1\r\nHost: localhost\r\nExpect: tea\r\n\r\n', 417, 'expectation_failed'],
    [
      'two lengths',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      400,
      'request_malformed',
    ],
  ])("%s with its own response, not Node's", async (_, bytes, status, code) => {
    const { port, ask } = await startAdmin();
    const answer = await sendRaw(port, bytes, 'GET');
    expect([answer.status, answer.complete]).toEqual([status, true]);
    expect(answer.header('x-error')).toMatch(/^[\x20-\x7e]+$/);
    expect(answer.header('x-error-id')).toMatch(errorIdShape);
    expect(JSON.parse(answer.text())).toMatchObject({ code, status });
    expect((await ask('/health/live')).status).toBe(200);
  });
});

test('every refusal is logged under its error id, without a path that the caller made up', async () => {
  const refusals: AdminRefusal[] = [];
  const { port } = await startAdmin({ refused: (refusal) => refusals.push(refusal) });
  const ask = async (head: string) => (await sendRaw(port, `${head}\r\n\r\n`, 'GET')).header('x-error-id');
  const ids = [
    await ask('DELETE /metrics HTTP/1.1\r\nHost: localhost'),
    await ask('GET /hunter2 HTTP/1.1\r\nHost: localhost'),
    await ask('CONNECT hunter2:1 HTTP/1.1\r\nHost: localhost'),
    await ask('nonsense'),
  ];
  expect(refusals.map(({ reason, method, endpoint, errorId }) => [reason, method, endpoint, errorId])).toEqual([
    ['method_not_allowed', 'DELETE', '/metrics', ids[0]],
    ['route_not_found', 'GET', '(none)', ids[1]],
    ['method_unsupported', 'CONNECT', '(none)', ids[2]],
    ['request_malformed', '', '(none)', ids[3]],
  ]);
});

test('concurrent probes query once, and later ones again', async () => {
  const waiting: ((report: ReadyReport) => void)[] = [];
  const { port } = await startAdmin({ ready: () => new Promise((resolve) => waiting.push(resolve)) });
  const connection = await openRaw(port);
  const probe = 'GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n';
  connection.write(probe.repeat(3));
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  waiting[0]!(up);
  for (let count = 0; count < 3; count += 1) expect((await connection.answer()).status).toBe(200);
  connection.write(probe);
  await vi.waitFor(() => expect(waiting).toHaveLength(2));
  waiting[1]!({ ...up, draining: true });
  expect((await connection.answer()).status).toBe(503);
  connection.destroy();
});

test.each([
  ['send nothing', ''],
  ['send a head without an end', 'GET /health/live HTTP/1.1\r\nX-A: '],
  ['send a body without an end', 'POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{'],
])('256 connections that %s block no other caller, and the oldest of them is closed', async (_name, bytes) => {
  const { port, ask } = await startAdmin();
  const silent = await Promise.all(Array.from({ length: 256 }, () => openRaw(port)));
  for (const connection of silent) connection.write(bytes);
  expect((await ask('/health/live')).status).toBe(200);
  await silent[0]!.closed();
  for (const connection of silent) connection.destroy();
});

test('newer connections do not end a pending request', async () => {
  const report = Promise.withResolvers<ReadyReport>();
  const { port } = await startAdmin({ ready: () => report.promise });
  const asking = await openRaw(port);
  asking.write('GET /health/ready HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const later = await Promise.all(Array.from({ length: 300 }, () => openRaw(port)));
  await later[0]!.closed();
  report.resolve(up);
  expect((await asking.answer()).status).toBe(200);
  for (const connection of later) connection.destroy();
});

test('closing ends idle connections and frees the port', async () => {
  const { port, close } = await startAdmin();
  const idle = await openRaw(port);
  idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect((await idle.answer()).status).toBe(200);
  await close();
  expect(await idle.closed()).toBe('end');
  await expect(openRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port in use is a system error', async () => {
  const { port } = await startAdmin();
  const second = createAdminServer(adminOptions({ address: { host: '127.0.0.1', port } }));
  await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
