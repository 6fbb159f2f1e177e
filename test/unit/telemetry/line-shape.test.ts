/**
 * Log lines in other formats: names of common schemas, and text for a terminal. The content is that of the JSON line.
 */
import { describe, expect, test } from 'vitest';
import { fieldName, fieldNames } from '../../../src/telemetry/log/field-names.ts';
import { lineShape } from '../../../src/telemetry/log/line-shape.ts';
import { allowed, collect, makeRecord, refused } from './make-record.ts';
import { accessLogMembers } from './reference-pages.ts';

const request = JSON.stringify({
  level: 'warn',
  time: '2026-01-02T03:04:05.006Z',
  msg: 'request',
  instance: 'gateway-1',
  entrypoint: 'proxy',
  requestId: 'r-1',
  errorId: 'e-1',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  route: 'orders',
  method: 'GET',
  host: 'api.example.test',
  path: '/v1/orders/7',
  status: 503,
  outcome: 'refuse',
  reason: 'auth_unavailable',
  userId: 'ann',
  client: '192.0.2.7',
  ms: { decide: 0.25, total: 5.5 },
  authApi: { source: 'authApi', kind: 'status' },
});
const failed = JSON.stringify({
  level: 'error',
  time: '2026-01-02T03:04:05.006Z',
  msg: 'it failed',
  worker: 2,
  list: [1, 'b'],
  err: {
    type: 'TypeError',
    code: 'E',
    message: 'no such thing',
    stack: 'TypeError: no such thing\n    at here',
    cause: { message: 'why' },
  },
});

const shaped = (line: string, settings: Parameters<typeof lineShape>[0]) => lineShape(settings)!(`${line}\n`);
const parsed = (line: string, fields: 'ecs' | 'otel') => JSON.parse(shaped(line, { fields })) as unknown;

test('lines are unchanged by default', () => {
  expect(lineShape({})).toBeNull();
  expect(lineShape({ format: 'json', fields: 'rolegate' })).toBeNull();
});

describe('the Elastic Common Schema', () => {
  test('of a request', () => {
    expect(parsed(request, 'ecs')).toEqual({
      'log.level': 'warn',
      '@timestamp': '2026-01-02T03:04:05.006Z',
      message: 'request',
      'service.node.name': 'gateway-1',
      'rolegate.entrypoint': 'proxy',
      'http.request.id': 'r-1',
      'rolegate.error_id': 'e-1',
      'trace.id': '4bf92f3577b34da6a3ce929d0e0e4736',
      'rolegate.route': 'orders',
      'http.request.method': 'GET',
      'url.domain': 'api.example.test',
      'url.path': '/v1/orders/7',
      'http.response.status_code': 503,
      'rolegate.outcome': 'refuse',
      'error.code': 'auth_unavailable',
      'user.id': 'ann',
      'client.ip': '192.0.2.7',
      'rolegate.ms.decide': 0.25,
      'rolegate.ms.total': 5.5,
      'rolegate.auth_api.source': 'authApi',
      'rolegate.auth_api.kind': 'status',
      'event.duration': 5_500_000,
      'ecs.version': '8.11.0',
    });
  });

  test('of another line', () => {
    expect(parsed(failed, 'ecs')).toEqual({
      'log.level': 'error',
      '@timestamp': '2026-01-02T03:04:05.006Z',
      message: 'it failed',
      'rolegate.worker': 2,
      'rolegate.list': [1, 'b'],
      'error.type': 'TypeError',
      'rolegate.err.code': 'E',
      'error.message': 'no such thing',
      'error.stack_trace': 'TypeError: no such thing\n    at here',
      'rolegate.err.cause.message': 'why',
      'ecs.version': '8.11.0',
    });
  });
});

describe('the log data model of OpenTelemetry', () => {
  test('of a request', () => {
    expect(parsed(request, 'otel')).toEqual({
      timestamp: '2026-01-02T03:04:05.006Z',
      severity_text: 'WARN',
      severity_number: 13,
      body: 'request',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      resource: { 'service.instance.id': 'gateway-1' },
      attributes: {
        'rolegate.entrypoint': 'proxy',
        'rolegate.request_id': 'r-1',
        'rolegate.error_id': 'e-1',
        'rolegate.route': 'orders',
        'http.request.method': 'GET',
        'server.address': 'api.example.test',
        'url.path': '/v1/orders/7',
        'http.response.status_code': 503,
        'rolegate.outcome': 'refuse',
        'error.type': 'auth_unavailable',
        'user.id': 'ann',
        'client.address': '192.0.2.7',
        'rolegate.ms.decide': 0.25,
        'rolegate.ms.total': 5.5,
        'rolegate.auth_api.source': 'authApi',
        'rolegate.auth_api.kind': 'status',
      },
    });
  });

  test.each([
    ['trace', 1],
    ['debug', 5],
    ['info', 9],
    ['warn', 13],
    ['error', 17],
    ['fatal', 21],
  ])('severity of %s: %d', (level, number) => {
    expect(parsed(JSON.stringify({ level }), 'otel')).toMatchObject({ severity_number: number });
  });
});

test.each(['ecs', 'otel'] as const)('no two members of a request share a name in %s', (schema) => {
  const names = accessLogMembers().map((member) => fieldName(member, schema));
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => /^[@a-z][a-z0-9_.]*$/.test(name))).toBe(true);
});

test('every name belongs to a member that lines have', () => {
  const members = Object.keys(fieldNames).map((member) => member.split('.')[0]!);
  expect(members.filter((member) => !accessLogMembers().includes(member))).toEqual([]);
});

describe('text for a terminal', () => {
  const pretty = (line: string) => shaped(line, { format: 'pretty' });

  test('of a request: time, level, status, request and duration first, then the rest', () => {
    expect(pretty(request)).toBe(
      '03:04:05.006 WARN  503 GET api.example.test/v1/orders/7 5.5 ms (decide 0.25)  errorId=e-1 traceId=4bf92f3577b34da6a3ce929d0e0e4736 ' +
        'route=orders reason=auth_unavailable userId=ann client=192.0.2.7 authApi={"source":"authApi","kind":"status"}\n',
    );
  });

  test('of a request that got no response', () => {
    const line = { level: 'info', time: '2026-01-02T03:04:05.006Z', msg: 'request', ms: { total: 1 } };
    expect(pretty(JSON.stringify(line))).toBe('03:04:05.006 INFO  --- - 1 ms\n');
  });

  test('of another line, with its error below', () => {
    expect(pretty(failed)).toBe(
      '03:04:05.006 ERROR it failed  worker=2 list=[1,"b"]\n    TypeError: no such thing (E)\n    at here\n    caused by Error: why\n',
    );
  });

  test('contains no escape sequences, and no line that could pass for another one', () => {
    const bad = '\u001b[2J\n03:04:05.006 INFO\u0007\u202e\u009b x="y"';
    const line = { level: 'info', time: '2026-01-02T03:04:05.006Z', msg: bad, userId: bad, err: { message: bad } };
    const text = pretty(JSON.stringify(line));
    expect(text).toMatch(/^[\x20-\x7e\n]+$/);
    const [first, ...rest] = text.trimEnd().split('\n');
    expect(first).toMatch(/^03:04:05\.006 INFO {2}/);
    expect(rest.every((below) => below.startsWith('    '))).toBe(true);
    expect(pretty(JSON.stringify({ ...line, msg: 'request', method: bad, path: bad }))).toMatch(/^[\x20-\x7e\n]+$/);
  });
});

test.each(['a', '"a"', '{"level":', ''])('keeps foreign lines unchanged: %s', (text) => {
  expect(shaped(text, { format: 'pretty' })).toBe(`${text}\n`);
  expect(shaped(text, { fields: 'ecs' })).toBe(`${text}\n`);
});

describe('in use', () => {
  test('formats requests and every other line', async () => {
    const { telemetry, lines } = collect('info', true, { fields: 'ecs' });
    telemetry.observe(makeRecord());
    telemetry.log.warn({ password: 'opensesame', upstream: 'orders' }, 'it happened');
    expect(await lines()).toMatchObject([
      { message: 'request', 'url.path': '/v1/orders/7', 'event.duration': 5_000_000 },
      { message: 'it happened', 'rolegate.upstream': 'orders', 'rolegate.password': '[redacted]' },
    ]);
  });

  test('workers format their own lines', async () => {
    const { telemetry, text } = collect('info', true, { fields: 'ecs' });
    telemetry.forwardLines('{"message":"of a worker"}\n');
    expect(await text()).toBe('{"message":"of a worker"}\n');
  });
});

describe('slow requests', () => {
  const slow = { endedAt: 2100, respondedAt: 2001 };

  test('are warnings with their timings, whether or not other requests are logged', async () => {
    for (const access of [true, false]) {
      const { telemetry, lines } = collect('info', access, { slowRequestMs: 1000 });
      telemetry.observe(makeRecord(slow));
      telemetry.observe(makeRecord());
      const found = (await lines()).filter((line) => line['slow'] === true);
      expect(found).toMatchObject([{ level: 'warn', ms: { upstream: 1000.75, total: 1100 } }]);
      expect(await lines()).toHaveLength(access ? 2 : 1);
    }
  });

  test('are those whose response starts late: a long stream is not slow, a late refusal is', async () => {
    const { telemetry, lines } = collect('warn', true, { slowRequestMs: 1000 });
    telemetry.observe(makeRecord({ endedAt: 600_000 }));
    telemetry.observe(makeRecord({ respondedAt: 2000 }));
    telemetry.observe(
      makeRecord({
        decision: refused('role_missing'),
        reason: 'role_missing',
        status: 403,
        respondedAt: 0,
        endedAt: 2001,
      }),
    );
    expect(await lines()).toMatchObject([{ status: 403, slow: true, level: 'warn' }]);
  });

  test('keep the level of an error', async () => {
    const { telemetry, lines } = collect('info', true, { slowRequestMs: 1000 });
    telemetry.observe(makeRecord({ ...slow, decision: allowed(), reason: 'internal_error', status: 500 }));
    expect(await lines()).toMatchObject([{ level: 'error', slow: true }]);
  });
});
