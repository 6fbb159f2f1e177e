/**
 * Chunks (RFC 9112 section 7.1): malformed chunks are refused, and a body that is already being forwarded is aborted,
 * never ended. Extensions are not forwarded.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openRaw } from '../support/raw-client.ts';
import { type Attack, attackSuite, request, startWorld, type World } from './support/attack-suite.ts';

const chunked = (body: string, line = 'POST /public/x') => request(line, ['Transfer-Encoding: chunked'], body);
const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const hex = hidden.length.toString(16);
const cut = [400, 413, 431, 502, 'closed'] as const;

/** The size line, after a valid first chunk. */
const badSizes: readonly (readonly [name: string, size: string])[] = [
  ['no digits', ''],
  ['not hex', 'zz'],
  ['a minus sign: CVE-2025-22871', '-5'],
  ['a plus sign', '+5'],
  ['a leading 0x: CVE-2021-22960', '0x5'],
  ['a leading space', ' 5'],
  ['a leading tab', '\t5'],
  ['two numbers', '5 5'],
  ['an underscore', '0_5'],
  ['a decimal point', '5.0'],
  ['a trailing NUL', '5\x00'],
  ['17 digits: wraps around', '10000000000000005'],
  ['18 digits', 'ffffffffffffffffff'],
  ['an equals sign', '5=5'],
  ['full-width digits', '\xef\xbc\x95'],
  ['a quotation mark', '"5"'],
];

/** The whole body. */
const badBodies: readonly (readonly [name: string, body: string])[] = [
  ['no CR LF after the data', '5\r\nhello0\r\n\r\n'],
  ['other bytes after the data', '5\r\nhelloXX0\r\n\r\n'],
  ['more data than its size', '5\r\nhello world\r\n0\r\n\r\n'],
  ['a bare LF after the size: CVE-2025-22871', '5\nhello\r\n0\r\n\r\n'],
  ['a bare CR after the size', '5\rhello\r\n0\r\n\r\n'],
  ['a bare LF after the data', '5\r\nhello\n0\r\n\r\n'],
  ['a bare LF after the last chunk', '5\r\nhello\r\n0\n\r\n'],
  ['a bare LF in an extension: CVE-2025-22871', '5;a\nb\r\nhello\r\n0\r\n\r\n'],
  ['a bare CR in an extension', '5;a\rb\r\nhello\r\n0\r\n\r\n'],
  ['a NUL in an extension', '5;a\x00\r\nhello\r\n0\r\n\r\n'],
  ['an extension of a megabyte: CVE-2024-22019', `5;${'a'.repeat(1024 * 1024)}\r\nhello\r\n0\r\n\r\n`],
  ['a trailer of a megabyte', `5\r\nhello\r\n0\r\nX: ${'a'.repeat(1024 * 1024)}\r\n\r\n`],
];

/** After a first chunk that has already reached the service. */
describe('a body in transfer', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld({
      routes:
        '  - { id: streamed, match: { path: "/streamed/**" }, upstream: service, access: public, bodyBuffer: 0b }\n',
    });
  });
  afterAll(() => world.close());

  const rest = [
    ...badSizes.map(([name, size]) => [`size: ${name}`, `${size}\r\nhello\r\n0\r\n\r\n`] as const),
    ...badBodies.map(([name, body]) => [name, body] as const),
  ];
  test.each(rest)('is aborted, not ended, by %s', async (_, bytes) => {
    world.upstream.clear();
    const client = await openRaw(world.gateway.port);
    client.write(request('POST /streamed/x', ['Transfer-Encoding: chunked'], '5\r\nfirst\r\n'));
    await vi.waitFor(() => expect(world.upstream.received().join('')).toContain('first'));
    client.write(Buffer.from(bytes, 'latin1'));
    const answer = await client.answer('POST').catch(() => null);
    expect(answer === null || answer.status >= 400).toBe(true);
    await vi.waitFor(() => expect(world.upstream.undecided()).toEqual([]));
    expect(world.upstream.seen('length-first')).toEqual([]);
    expect(world.upstream.seen('chunked-first')).toEqual([]);
    client.destroy();
  });
});

const neverEnded: Pick<Attack, 'check'> = {
  check: ({ upstream }) => {
    for (const { target, body } of upstream.seen('length-first'))
      if (target === '/public/x') expect(body.toString()).toBe('not whole');
  },
};

attackSuite('chunks', [
  ...badSizes.map(([name, size]) => ({
    name: `size: ${name}`,
    bytes: chunked(`5\r\nhello\r\n${size}\r\nhello\r\n0\r\n\r\n`),
    status: cut,
    ...neverEnded,
  })),
  ...badBodies.map(([name, body]) => ({ name, bytes: chunked(body), status: cut, ...neverEnded })),
  {
    name: 'a request after a bare LF in an extension: CVE-2025-22871',
    bytes: chunked(`0;a\n\r\n${hidden}`),
    ...{ status: cut, harm: 'hidden request' },
  },
  {
    name: 'a request in data that is longer than its size',
    bytes: chunked(`2\r\nhi\r\n0x${hex}\r\n${hidden}\r\n0\r\n\r\n`),
    ...{ status: cut },
  },
  {
    name: 'a request after a last chunk with an invalid size',
    bytes: chunked(`g\r\n\r\n${hidden}`),
    ...{ status: cut, harm: 'hidden request' },
  },
  {
    name: 'a request in an extension is dropped with it',
    bytes: chunked(`5;x="GET /smuggled HTTP/1.1"\r\nhello\r\n0\r\n\r\n`),
    ...{ status: [200, ...cut] },
    check: ({ upstream }) => expect(upstream.received().join('')).not.toContain('smuggled'),
  },
  {
    name: 'extensions are not forwarded: CVE-2023-39326',
    bytes: chunked('5;name=value\r\nhello\r\n0;last\r\n\r\n'),
    ...{ status: [200, ...cut] },
    check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/name=value|;last/),
  },
  {
    name: 'leading zeros of a size',
    bytes: chunked('0005\r\nhello\r\n000\r\n\r\n'),
    ...{ status: [200, 400] },
  },
  {
    name: 'a megabyte of leading zeros',
    bytes: chunked(`${'0'.repeat(1024 * 1024)}5\r\nhello\r\n0\r\n\r\n`),
    ...{ status: [200, ...cut] },
  },
  {
    name: 'a body in a thousand chunks',
    bytes: chunked(`${'1\r\nx\r\n'.repeat(1000)}0\r\n\r\n`),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) => expect(upstream.seen('length-first')[0]?.body.length).toBe(1000),
  },
  {
    name: 'hex digits in either case',
    bytes: chunked(`A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n`),
    ...{ status: 200, reaches: '/public/x' },
  },
  {
    name: 'a whole request as chunk data is data',
    bytes: chunked(`${hex}\r\n${hidden}\r\n0\r\n\r\n`),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) => expect(upstream.seen('length-first')[0]?.body.toString()).toBe(hidden),
  },
]);
