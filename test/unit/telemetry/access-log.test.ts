import { describe, expect, test } from 'vitest';
import type { Allow } from '../../../src/core/decision.ts';
import { createAccessLog } from '../../../src/telemetry/log/access-log.ts';
import { allowed, collect, makeRecord, refused, routeOf } from './make-record.ts';

async function lineOf(part: Parameters<typeof makeRecord>[0]): Promise<Record<string, unknown>> {
  const { telemetry, lines } = collect('debug');
  telemetry.observe(makeRecord(part));
  const all = await lines();
  expect(all).toHaveLength(1);
  return all[0]!;
}

test('a completed request is one line with everything that is known', async () => {
  expect(await lineOf({ bytesIn: 3 })).toEqual({
    level: 'info',
    time: '2026-01-02T03:04:05.006Z',
    msg: 'request',
    entrypoint: 'proxy',
    requestId: '0b8ac8ab-6dd7-4d3a-8b57-6f9c2bb2a3d1',
    route: 'orders',
    upstream: 'service',
    method: 'GET',
    host: 'api.example.test',
    path: '/v1/orders/7',
    status: 200,
    outcome: 'allow',
    stage: 'authorize',
    userId: '66666666-7777-4888-9999-aaaaaaaaaaaa',
    identitySource: 'authApi',
    sessionId: '11111111-2222-4333-8444-555555555555',
    source: 'memory',
    client: '192.0.2.7',
    target: 'http://orders-1:8080',
    userAgent: 'client/1.0',
    bytesIn: 3,
    bytesOut: 12,
    ms: { decide: 0.25, upstream: 3, total: 5 },
  });
});

test('omits members without a value', async () => {
  const line = await lineOf({
    decision: null,
    reason: 'request_malformed',
    errorId: 'e-1',
    requestId: '',
    status: 400,
    method: '',
    path: '',
    host: '',
    userAgent: '',
    target: null,
    decidedAt: 0,
    respondedAt: 0,
    bytesOut: 0,
  });
  expect(line).toEqual({
    level: 'info',
    time: '2026-01-02T03:04:05.006Z',
    msg: 'request',
    entrypoint: 'proxy',
    errorId: 'e-1',
    status: 400,
    outcome: 'refuse',
    reason: 'request_malformed',
    fault: 'client',
    client: '192.0.2.7',
    ms: { total: 5 },
  });
});

describe('the level', () => {
  test.each([
    ['of a response', {}, 'info'],
    ['of a truncated response', { cut: true }, 'warn'],
    ["of a service's error", { status: 500, errorId: 'e' }, 'warn'],
    ["of a service's refusal", { status: 404, errorId: 'e' }, 'info'],
    ['of any other response with an error id', { status: 201, errorId: 'e' }, 'info'],
    ['of a client that disconnected', { aborted: true }, 'info'],
    ['of a refusal', { decision: refused('role_missing'), reason: 'role_missing' as const }, 'info'],
    [
      'of two credentials',
      { decision: refused('credential_conflict'), reason: 'credential_conflict' as const },
      'warn',
    ],
    ['of an outage', { decision: refused('auth_timeout'), reason: 'auth_timeout' as const }, 'error'],
    ['of a failed upstream', { reason: 'upstream_failed' as const }, 'error'],
  ])('%s is correct', async (_, part, level) => {
    expect(await lineOf(part)).toMatchObject({ level });
  });

  test.each([
    ['debug', true, 3],
    ['info', true, 3],
    ['warn', true, 2],
    ['error', true, 1],
    ['silent', true, 0],
    ['info', false, 0],
  ] as const)('%s with access %s writes %i lines', async (level, access, count) => {
    const { telemetry, lines } = collect(level, access);
    telemetry.observe(makeRecord());
    telemetry.observe(makeRecord({ cut: true }));
    telemetry.observe(makeRecord({ reason: 'upstream_failed' }));
    expect(await lines()).toHaveLength(count);
  });
});

describe('the cause', () => {
  const cause = Object.assign(new Error('connect refused', { cause: new Error('inner') }), { code: 'ECONNREFUSED' });

  test('is in a line of level error', async () => {
    expect(await lineOf({ reason: 'upstream_unreachable', cause })).toMatchObject({
      err: {
        type: 'Error',
        code: 'ECONNREFUSED',
        message: 'connect refused',
        stack: expect.stringContaining('access-log.test.ts'),
        cause: { message: 'inner' },
      },
    });
  });

  test('is in no other line', async () => {
    expect(await lineOf({ reason: 'request_malformed', cause })).not.toHaveProperty('err');
  });

  test('is the error of a decision that failed internally', async () => {
    const decision = refused('internal_error', null, { cause: new TypeError('a bug') });
    expect(await lineOf({ decision, reason: 'internal_error' })).toMatchObject({
      err: { type: 'TypeError', message: 'a bug' },
    });
  });

  test.each([
    ['a text', 'plain', 'plain'],
    ['a number', 7, 7],
    ['an object that throws when accessed', new Proxy({}, { ownKeys: () => expect.fail('read') }), '[unreadable]'],
  ])('may be %s', async (_, thrown, err) => {
    expect(await lineOf({ reason: 'internal_error', cause: thrown })).toMatchObject({ err });
  });

  test('is omitted if JSON cannot represent it', async () => {
    expect(await lineOf({ reason: 'internal_error', cause: () => 1 })).not.toHaveProperty('err');
  });
});

describe('text from a client', () => {
  test.each([
    ['path', `/${'a'.repeat(5000)}`, 1024],
    ['host', 'h'.repeat(5000), 255],
    ['method', 'M'.repeat(5000), 32],
    ['client', 'c'.repeat(5000), 128],
    ['requestId', 'r'.repeat(5000), 128],
  ] as const)('is cut when %s is long', async (name, value, length) => {
    expect(await lineOf({ [name]: value })).toHaveProperty(name, `${value.slice(0, length)}...`);
  });

  test.each([
    ['a line end', 'a\r\n{"level":"error"}'],
    ['an escape sequence', '\u001b[2J'],
    ['a C1 control', '\u009b2J'],
    ['a bidirectional override', '\u202egnp'],
    ['quotation marks', '"\\"'],
    ['a lone surrogate', 'x\ud83d'],
  ])('cannot end the line or control a terminal with %s', async (_, value) => {
    const { telemetry, text } = collect();
    telemetry.observe(makeRecord({ host: value, path: value, requestId: value }));
    const written = await text();
    expect(written).toMatch(/^[\x20-\x7e]+\n$/);
    expect(JSON.parse(written)).toMatchObject({ host: value, path: value, requestId: value });
  });
});

test('identity, staleness and the entrypoint are members of the line', async () => {
  const base = allowed(routeOf('public')) as Allow;
  const identity = { ...base.identity!, kind: 'keyPair' as const, sessionId: null, keyId: 'key-7' };
  const line = await lineOf({ entrypoint: 'upgrade', decision: { ...base, identity, stale: true, source: 'redis' } });
  expect(line).toMatchObject({ entrypoint: 'upgrade', route: 'public', keyId: 'key-7', stale: true, source: 'redis' });
  expect(line).not.toHaveProperty('sessionId');
});

test.each([
  ['microseconds', 1000.001, 0.001],
  ['tens of microseconds', 1000.012, 0.012],
  ['whole milliseconds', 1012, 12],
  ['hours', 1000 + 7_200_000.5, 7_200_000.5],
  ['a clock that went back', 900, 0],
])('time in %s is written to the microsecond', async (_, endedAt, total) => {
  expect(await lineOf({ endedAt })).toMatchObject({ ms: { total } });
});

test('with access "sampled", allowed requests have a line only if they were chosen, or are slow', async () => {
  const { telemetry, lines } = collect('info', 'sampled', { slowRequestMs: 1000 });
  telemetry.recordRequests({ allowedSample: 0.25, every: false, ended: () => {} });
  for (let n = 0; n < 8; n += 1) telemetry.observe(makeRecord({ path: `/${n}` }));
  const refusal = makeRecord({ decision: refused('role_missing'), reason: 'role_missing', status: 403 });
  telemetry.observe(refusal);
  telemetry.observe(makeRecord({ path: '/slow', respondedAt: 3000, endedAt: 3001 }));
  const paths = (await lines()).map(({ path }) => path);
  expect(paths).toEqual(['/0', '/4', refusal.path, '/slow']);
});

test('each line has its own time, also across a second', () => {
  const times = [999, 1000, 1000, 1001, 61_050, 500];
  const written: string[] = [];
  const output = { write: (line: string) => void written.push(line) };
  const log = createAccessLog({ level: 'info', access: true }, output, () => times[written.length]!)!;
  for (const _ of times) log(makeRecord(), true);
  expect(written.map((line) => Date.parse(JSON.parse(line).time))).toEqual(times);
});
