/** The admin port over real HTTP: what it shows, and what it refuses. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAdminServer } from '../../src/entrypoints/admin/admin-server.ts';
import type { EndpointSources } from '../../src/entrypoints/admin/endpoints.ts';
import type { ReadyReport } from '../../src/entrypoints/admin/ready-report.ts';
import { createTelemetry } from '../../src/telemetry/create-telemetry.ts';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { makeTable } from '../unit/core/make-policy.ts';
import { makeRecord } from '../unit/telemetry/make-record.ts';
import { readMetrics, sampleValue } from '../unit/telemetry/prometheus-text.ts';

const up: ReadyReport = { configuration: true, authApi: true, redis: null, draining: false };
const table = makeTable([{ on: '/v1/orders/**', id: 'orders', access: { GET: ['user'], DELETE: { all: ['admin'] } } }]);
const errorId = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function start(
  part: Partial<EndpointSources> & { hostNames?: readonly string[]; failed?: (error: unknown) => void } = {},
) {
  const server = createAdminServer({
    address: { host: '127.0.0.1', port: 0 },
    metrics: async () => ({ type: 'text/plain; version=0.0.4', text: 'x 1\n' }),
    live: () => true,
    ready: async () => up,
    routes: () => table,
    ...part,
  });
  const { port } = await server.listen();
  onTestFinished(() => server.close());
  const url = (path: string) => `http://127.0.0.1:${port}${path}`;
  const get = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(url(path), init);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
  return { port, get, close: () => server.close() };
}

type Answer = Awaited<ReturnType<Awaited<ReturnType<typeof start>>['get']>>;

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.headers.get('x-error')).toMatch(/^[\x20-\x7e]{1,256}$/);
  expect(answer.headers.get('x-error-id')).toMatch(errorId);
  expect(JSON.parse(answer.text)).toMatchObject({
    status,
    code,
    title: answer.headers.get('x-error'),
    errorId: answer.headers.get('x-error-id'),
  });
}

describe('what it shows', () => {
  test('metrics, in the text format and as they are now', async () => {
    const telemetry = createTelemetry({
      log: { level: 'silent', access: false },
      version: '1.2.3',
      destination: { write: () => undefined },
    });
    onTestFinished(() => telemetry.close());
    telemetry.useRoutes(table);
    telemetry.observe(makeRecord({ decision: null, reason: 'request_malformed', status: 400 }));
    const { get } = await start({
      metrics: async () => ({ type: telemetry.metricsContentType, text: await telemetry.metricsText() }),
    });
    const answer = await get('/metrics');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(readMetrics(answer.text).has('process_cpu_user_seconds_total')).toBe(true);
    const labels = { route: '(none)', method: 'GET', status: '400', outcome: 'refuse' };
    expect(sampleValue(answer.text, 'rolegate_requests_total', labels)).toBe(1);
  });

  test('life', async () => {
    const { get } = await start();
    const answer = await get('/health/live');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { status: 'live' }]);
    expectProblem(await (await start({ live: () => false })).get('/health/live'), 500, 'internal_error');
  });

  test.each([
    ['without Redis', {}, 'not configured'],
    ['with Redis', { redis: true }, 'ok'],
    ['with Redis down, which is no reason to refuse', { redis: false }, 'down'],
  ])('that it is ready %s', async (_, part, redis) => {
    const { get } = await start({ ready: async () => ({ ...up, ...part }) });
    const answer = await get('/health/ready?verbose');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toEqual({
      status: 'ready',
      checks: { configuration: 'ok', authApi: 'ok', redis, draining: 'no' },
    });
  });

  test.each([
    ['the Auth API is down', { authApi: false }, 'auth_unavailable', { authApi: 'down' }],
    ['it is draining', { draining: true, authApi: false }, 'draining', { draining: 'yes' }],
    ['there is no configuration', { configuration: false }, 'upstream_unavailable', { configuration: 'down' }],
  ])('that it is not ready when %s', async (_, part, code, checks) => {
    const { get } = await start({ ready: async () => ({ ...up, ...part }) });
    const answer = await get('/health/ready');
    expectProblem(answer, 503, code);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(JSON.parse(answer.text)).toMatchObject({ checks });
  });

  test('routes, as they are now', async () => {
    let routes = table;
    const { get } = await start({ routes: () => routes });
    const before = JSON.parse((await get('/routes')).text);
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
    expect(JSON.parse((await get('/routes')).text).routes).toMatchObject([{ id: 'new' }]);
  });

  test('an index of what there is, each of which answers', async () => {
    const { get } = await start();
    const index = await get('/');
    expect(index.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const paths = index.text.split('\n').filter((line) => line.startsWith('/'));
    expect(paths).toEqual(['/metrics', '/health/live', '/health/ready', '/routes']);
    for (const path of paths) expect((await get(path)).status).toBe(200);
  });

  test('HEAD like GET, without a body', async () => {
    const { port } = await start();
    const head = await sendRaw(port, 'HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    expect([head.status, head.header('content-length'), head.body.length]).toEqual([200, '4', 0]);
  });

  test.each(['/', '/metrics', '/health/ready', '/nothing'])(
    '%s to nobody who stores, sniffs or embeds it',
    async (path) => {
      const { headers } = await (await start()).get(path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});

describe('what it refuses', () => {
  test.each(['/nothing', '/metrics/', '/METRICS', '//metrics', '/health/../metrics', '/__proto__', '/constructor'])(
    '%s is not there',
    async (path) => {
      const { port } = await start();
      const answer = await sendRaw(port, `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      expect([answer.status, answer.header('x-error-id')]).toEqual([404, expect.stringMatching(errorId)]);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PURGE'])('%s is not allowed', async (method) => {
    const { get } = await start();
    const answer = await get('/metrics', { method, ...(method === 'POST' ? { body: 'x' } : {}) });
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
  ])('%s that fail are a 500 without the cause, which is told inside', async (_, part, path) => {
    const failed = vi.fn();
    const { get } = await start({ ...part, failed });
    const answer = await get(path);
    expectProblem(answer, 500, 'internal_error');
    expect(answer.text).not.toContain('secret cause');
    expect(failed).toHaveBeenCalledWith(new Error('secret cause'));
    expect((await get('/health/live')).status).toBe(200);
  });

  test.each([
    ['bytes that are no HTTP', 'nonsense\r\n\r\n', 400, 'request_malformed'],
    [
      'headers without end',
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
  ])('%s with our answer, not that of Node', async (_, bytes, status, code) => {
    const { port, get } = await start();
    const answer = await sendRaw(port, bytes, 'GET');
    expect([answer.status, answer.complete]).toEqual([status, true]);
    expect(answer.header('x-error')).toMatch(/^[\x20-\x7e]+$/);
    expect(answer.header('x-error-id')).toMatch(errorId);
    expect(JSON.parse(answer.text())).toMatchObject({ code, status });
    expect((await get('/health/live')).status).toBe(200);
  });
});

test('probes at once ask once, later ones again', async () => {
  const waiting: ((report: ReadyReport) => void)[] = [];
  const { port } = await start({ ready: () => new Promise((resolve) => waiting.push(resolve)) });
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

test('closing ends idle connections, and the port', async () => {
  const { port, close } = await start();
  const idle = await openRaw(port);
  idle.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect((await idle.answer()).status).toBe(200);
  await close();
  expect(await idle.closed()).toBe('end');
  await expect(openRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that is taken is an error of the system', async () => {
  const { port } = await start();
  const second = createAdminServer({
    address: { host: '127.0.0.1', port },
    metrics: async () => ({ type: 'text/plain', text: '' }),
    live: () => true,
    ready: async () => up,
    routes: () => table,
  });
  await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
