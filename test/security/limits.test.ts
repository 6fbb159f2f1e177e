/**
 * Size limits: anything too large is refused early, with the gateway's own response and headers, nothing of it is
 * processed, and nothing is truncated silently.
 */
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openRaw, sendRaw } from '../support/raw-client.ts';
import { type Attack, attackSuite, bearer, request, startWorld, type World } from './support/attack-suite.ts';

const many = (count: number, name = 'X') => Array.from({ length: count }, (_, i) => `${name}-${i}: 1`);
const server =
  'limits: { headerBytes: 8kb, headers: 40, target: 1kb, headersTimeout: 1s, requestTimeout: 2s, keepAliveTimeout: 1s }';
const tooLarge = { status: 431, code: 'headers_too_large', reaches: null } as const;

attackSuite(
  'sizes',
  [
    {
      name: 'one long header: CVE-2018-12121',
      bytes: request('GET /public/x', [`X: ${'a'.repeat(9000)}`]),
      ...tooLarge,
    },
    { name: 'one long name', bytes: request('GET /public/x', [`${'a'.repeat(9000)}: x`]), ...tooLarge },
    {
      name: 'many headers that are long together',
      bytes: request(
        'GET /public/x',
        Array.from({ length: 20 }, () => `X: ${'a'.repeat(500)}`),
      ),
      ...tooLarge,
    },
    { name: 'more headers than allowed', bytes: request('GET /public/x', many(41)), ...tooLarge },
    {
      name: 'a thousand headers',
      bytes: request(
        'GET /public/x',
        Array.from({ length: 1000 }, () => 'a: b'),
      ),
      ...tooLarge,
    },
    {
      name: '2,001 empty headers',
      bytes: request(
        'GET /public/x',
        Array.from({ length: 2001 }, () => 'a:'),
      ),
      ...tooLarge,
    },
    {
      name: 'the identity after as many headers as are counted',
      bytes: request('GET /private/x', [...many(60), 'User-Id: root', bearer]),
      ...tooLarge,
    },
    {
      name: 'the second credential after as many headers as are counted',
      bytes: request('GET /private/x', [bearer, ...many(60), bearer]),
      ...tooLarge,
    },
    {
      name: 'the second Host after as many headers as are counted',
      bytes: request('GET /public/x', [...many(60), 'Host: secret.test']),
      ...tooLarge,
    },
    {
      name: 'a long target',
      bytes: request(`GET /public/${'a'.repeat(1100)}`),
      status: 414,
      code: 'target_too_long',
      reaches: null,
    },
    {
      name: 'a long query',
      bytes: request(`GET /public/x?${'a'.repeat(1100)}`),
      status: 414,
      code: 'target_too_long',
      reaches: null,
    },
    {
      name: 'a target longer than the limit for all headers',
      bytes: request(`GET /public/${'a'.repeat(20_000)}`),
      status: [414, 431],
      reaches: null,
    },
    {
      name: 'a target of a megabyte',
      bytes: request(`GET /public/${'a'.repeat(1024 * 1024)}`),
      status: [414, 431],
      reaches: null,
    },
    { name: 'a target just within the limit', bytes: request(`GET /public/${'a'.repeat(900)}`), status: 200 },
    {
      name: 'headers just within the limit',
      bytes: request('GET /public/x', many(30)),
      status: 200,
      reaches: '/public/x',
    },
    {
      name: 'a length beyond maxBody',
      bytes: request('POST /small/x', ['Content-Length: 1025'], 'a'.repeat(1025)),
      status: 413,
      code: 'body_too_large',
      reaches: null,
    },
    {
      name: 'a length beyond maxBody, and no body',
      bytes: request('POST /small/x', ['Content-Length: 99999999']),
      status: 413,
      code: 'body_too_large',
      reaches: null,
    },
    {
      name: 'a body just within the limit',
      bytes: request('POST /small/x', ['Content-Length: 1024'], 'a'.repeat(1024)),
      status: 200,
      reaches: '/small/x',
    },
    {
      name: 'chunks beyond maxBody',
      bytes: request(
        'POST /small/x',
        ['Transfer-Encoding: chunked'],
        `${`32\r\n${'a'.repeat(50)}\r\n`.repeat(30)}0\r\n\r\n`,
      ),
      ...{ status: [413, 'closed'], reaches: null },
    },
    {
      name: 'maxBody with Expect: no 100',
      bytes: request('POST /small/x', ['Expect: 100-continue', 'Content-Length: 1025']),
      ...{ status: 413, reaches: null },
    },
    {
      name: 'a path of a thousand dot segments',
      bytes: request(`GET /public${'/..'.repeat(300)}/admin/x`),
      status: 414,
      reaches: null,
    },
    { name: 'a path of slashes', bytes: request(`GET ${'/'.repeat(900)}admin/x`), status: 414, reaches: null },
    {
      name: 'a path of escapes',
      bytes: request(`GET /${'%61'.repeat(300)}`),
      status: 200,
      reaches: `/${'a'.repeat(300)}`,
    },
    {
      name: 'a Connection list of a thousand names',
      bytes: request('GET /public/x', [`Connection: ${'x,'.repeat(1000)}close`]),
      status: 200,
      reaches: '/public/x',
    },
  ] satisfies Attack[],
  {
    server,
    routes: '  - { id: small, match: { path: "/small/**" }, upstream: service, access: public, maxBody: 1kb }\n',
  },
);

test.each([
  ['one long header', request('GET /public/x', [`X: ${'a'.repeat(9000)}`]), 'X'],
  ['a thousand headers', request('GET /public/x', many(1000)), 'X-999'],
  ['the second Host after them', request('GET /public/x', [...many(60), 'X-Behind: secret.test']), 'X-Behind'],
])('control: without limits, %s reaches the service', async (_, bytes, name) => {
  const world = await startWorld({ server: 'limits: { headerBytes: 64kb, headers: 2000, target: 32kb }' });
  try {
    expect((await sendRaw(world.gateway.port, bytes)).status).toBe(200);
    const [seen] = world.upstream.seen('length-first');
    expect(seen?.headers.some(([one]) => one === name)).toBe(true);
    expect((await sendRaw(world.gateway.port, request(`GET /public/${'a'.repeat(9000)}`))).status).toBe(200);
  } finally {
    await world.close();
  }
});

describe('times', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ server });
  });
  afterAll(() => world.close());

  const slow: readonly (readonly [name: string, bytes: string, status: number])[] = [
    ['endless headers: CVE-2018-12122', 'GET /public/x HTTP/1.1\r\nHost: a.test\r\nX-A: b', 408],
    ['an endless request line', 'GET /public/x', 408],
    ['no bytes', '', 408],
    ['a body that never arrives: CVE-2019-5737', request('POST /private/x', ['Content-Length: 10', bearer]), 408],
    [
      'endless chunks: CVE-2020-8251',
      request('POST /private/x', ['Transfer-Encoding: chunked', bearer], '2\r\nhi\r\n'),
      408,
    ],
    [
      '100-continue without a body',
      request('POST /private/x', ['Expect: 100-continue', 'Content-Length: 10', bearer]),
      408,
    ],
  ];
  test.concurrent.each(slow)('%s', async (_, bytes, status) => {
    const client = await openRaw(world.gateway.port);
    client.write(bytes);
    const answer = await client.answer('POST').catch(() => null);
    expect([status, null]).toContain(answer?.status ?? null);
    if (answer !== null) expect(answer.header('x-error-id')).toMatch(/^[0-9a-f-]{36}$/);
    await client.closed();
    client.destroy();
  });

  test('control: with longer timeouts, a client that is silent that long is still served', async () => {
    const patient = await startWorld({ server: 'limits: { headersTimeout: 30s, requestTimeout: 60s }' });
    const [slow, cut] = [await openRaw(patient.gateway.port), await openRaw(world.gateway.port)];
    try {
      for (const client of [slow, cut]) client.write('GET /public/x HTTP/1.1\r\nHost: a.test\r\nX-A: b');
      await cut.closed();
      slow.write('\r\n\r\n');
      expect((await slow.answer()).status).toBe(200);
    } finally {
      slow.destroy();
      cut.destroy();
      await patient.close();
    }
  });

  test('a client that sends one byte at a time is also disconnected', async () => {
    const client = await openRaw(world.gateway.port);
    client.write('GET /public/x HTTP/1.1\r\nHost: a.test\r\nX-Slow: ');
    let over = false;
    const closed = client.closed().then(() => {
      over = true;
    });
    while (!over) {
      client.write('a');
      await Promise.race([setTimeout(100), closed]);
    }
    expect(client.unread().toString()).not.toContain('200 OK');
    await vi.waitFor(() => expect(world.upstream.seen('length-first')).toEqual([]));
  });
});
