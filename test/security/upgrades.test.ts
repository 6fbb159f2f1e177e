/**
 * Upgrades (RFC 9110 section 7.8, RFC 6455) and Expect (section 10.1.1): a tunnel only for WebSockets, only where the
 * route allows it, only for callers that the rule allows. The service of these tests accepts every upgrade that reaches
 * it.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';
import type { FooledUpstream } from './support/fooled-upstream.ts';

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const upgrade = (...protocols: string[]) => [
  'Connection: Upgrade',
  ...protocols.map((protocol) => `Upgrade: ${protocol}`),
];
const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const socket = [...upgrade('websocket'), ...key];
const none = (got: { upstream: FooledUpstream }) => {
  for (const { headers } of got.upstream.seen('length-first')) {
    expect(headers.map(([name]) => name.toLowerCase())).not.toContain('upgrade');
    expect(headers.map(([name]) => name.toLowerCase())).not.toContain('http2-settings');
  }
};

/** An upgrade to another protocol is refused or becomes an ordinary request; the following bytes are not a tunnel. */
const others: readonly (readonly [name: string, headers: readonly string[]])[] = [
  ['h2c', [...upgrade('h2c'), 'HTTP2-Settings: AAMAAABkAAQAAP__']],
  [
    'h2c with its Connection list: RFC 7540 section 3.2',
    ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
  ],
  ['h2c without settings', upgrade('h2c')],
  ['h2c without Connection', ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']],
  ['h2c in capitals', upgrade('H2C')],
  ['h2c before websocket', upgrade('h2c, websocket')],
  ['h2c after websocket', upgrade('websocket, h2c')],
  ['h2c next to websocket', upgrade('websocket', 'h2c')],
  ['websocket next to h2c', upgrade('h2c', 'websocket')],
  ['TLS: RFC 2817', upgrade('TLS/1.0')],
  ['HTTP/2.0', upgrade('HTTP/2.0')],
  ['h2', upgrade('h2')],
  ['an unknown protocol', upgrade('root-shell')],
  ['websocket with a version', upgrade('websocket/13')],
  ['websocket with trailing letters', upgrade('websocketx')],
  ['an empty value', upgrade('')],
  ['an underscore in HTTP2_Settings', [...upgrade('h2c'), 'HTTP2_Settings: AAMAAABkAAQAAP__']],
];

attackSuite('upgrades', [
  ...others.map(
    ([name, headers]): Attack => ({
      name: `to ${name}`,
      bytes: [request('GET /public/x', headers), request('GET /admin/x')],
      ...{ status: [200, 400, 501], afterwards: [401], harm: 'protected path', check: none },
    }),
  ),
  ...others.slice(0, 4).map(
    ([name, headers]): Attack => ({
      name: `to ${name}, on a guarded path`,
      bytes: request('GET /private/x', headers) + request('GET /admin/x'),
      ...{ status: 401, afterwards: [401], reaches: null, check: none },
    }),
  ),
  {
    name: 'the preface of HTTP/2: RFC 9113 section 3.4',
    bytes: `${preface}\0\0\0\x04\0\0\0\0\0`,
    ...{ status: [400, 501, 505, 'closed'], reaches: null },
  },
  {
    name: 'the preface of HTTP/2 after a request',
    bytes: [request('GET /public/x', ['Content-Length: 0']), preface],
    ...{ status: 200, afterwards: [400] },
    check: ({ upstream }) => expect(upstream.received().join('')).not.toContain('PRI'),
  },
  ...(
    [
      ['nobody', 'GET /private/x', socket, 401],
      ['an anonymous caller, to the guarded path', 'GET /admin/x', socket, 401],
      ['a user without the role', 'GET /admin/x', [...socket, bearer], 403],
      ['a dot segment', 'GET /public/../admin/x', socket, 401],
      ['an escaped dot segment', 'GET /public/%2e%2e/admin/x', socket, 400],
      ['a bearer in the query: RFC 6750 section 2.3', 'GET /private/x?access_token=user-token-0001', socket, 401],
      ['two hosts', 'GET /private/x', [...socket, 'Host: b.test', bearer], 400],
    ] as const
  ).map(
    ([name, line, headers, status]): Attack => ({
      name: `websocket, ${name}: the bytes after the refusal are not a tunnel`,
      bytes: request(line, headers) + hidden,
      ...{ status, reaches: null, harm: name === 'a dot segment' ? 'protected path' : 'hidden request' },
    }),
  ),
  {
    name: 'websocket on a route without WebSockets',
    bytes: request('GET /public/x', socket) + hidden,
    ...{ status: [200, 400], harm: 'hidden request' },
    check: none,
  },
  {
    name: 'websocket with a body',
    bytes: request('GET /other', [...socket, `Content-Length: ${hidden.length}`], hidden),
    ...{ status: [200, 400], check: none },
  },
  {
    name: 'websocket with chunks',
    bytes: request(
      'GET /other',
      [...socket, 'Transfer-Encoding: chunked'],
      `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ),
    ...{ status: [200, 400], check: none },
  },
  {
    name: 'websocket by POST: RFC 6455 section 4.1',
    bytes: request('POST /other', [...socket, 'Content-Length: 0']),
    ...{ status: [200, 400], check: none },
  },
  {
    name: 'websocket in HTTP/1.0',
    bytes: request('GET /other', socket).replace('HTTP/1.1', 'HTTP/1.0'),
    ...{ status: [200, 400], check: none },
  },
  {
    name: 'identity headers in a handshake',
    bytes: request('GET /private/x', [...socket, bearer, 'user_id: root', 'User-Id: root']),
    ...{ status: 101, reaches: '/private/x', harm: 'forged identity' },
  },
  {
    name: 'Connection in a handshake that lists the identity',
    bytes: request('GET /private/x', ['Connection: Upgrade, user-id', 'Upgrade: websocket', ...key, bearer]),
    ...{ status: 101, reaches: '/private/x', harm: 'lost identity' },
  },
  {
    name: 'the credential of a handshake is not forwarded',
    bytes: request('GET /private/x', [...socket, bearer]),
    ...{ status: 101, reaches: '/private/x', harm: 'leaked credential' },
  },
  {
    name: 'forwarded headers in a handshake',
    bytes: request('GET /private/x', [...socket, bearer, 'X-Forwarded-For: 6.6.6.6', 'Forwarded: for=6.6.6.6']),
    ...{ status: 101, reaches: '/private/x', harm: 'forged origin' },
  },
]);

const long = 'x'.repeat(64);
attackSuite('Expect', [
  {
    name: '100-continue from an anonymous caller is refused before any body',
    bytes: request('POST /private/x', ['Expect: 100-continue', 'Content-Length: 64']),
    ...{ status: 401, reaches: null },
    check: ({ answer }) => expect(answer?.status).toBe(401),
  },
  {
    name: '100-continue without the role',
    bytes: request('POST /admin/x', ['Expect: 100-continue', 'Content-Length: 64', bearer]),
    ...{ status: 403, reaches: null },
  },
  {
    name: '100-continue together with the body',
    bytes: request('POST /public/x', ['Expect: 100-continue', 'Content-Length: 64'], long),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) =>
      expect(upstream.seen('length-first')[0]?.headers.flat().join()).not.toMatch(/100-continue/i),
  },
  {
    name: '100-Continue in capitals',
    bytes: request('POST /public/x', ['EXPECT: 100-CONTINUE', 'Content-Length: 64'], long),
    ...{ status: [200, 417] },
  },
  ...(['miracles', '100-continue, miracles', '200-ok', '100-continue; q=1', ''] as const).map((value) => ({
    name: `another expectation: ${JSON.stringify(value)}`,
    bytes: request('POST /public/x', [`Expect: ${value}`, 'Content-Length: 64'], long),
    status: value === '' ? ([200, 400, 417] as const) : 417,
    ...(value === '' ? {} : { reaches: null }),
  })),
  {
    name: 'two expectations',
    bytes: request('POST /public/x', ['Expect: 100-continue', 'Expect: miracles', 'Content-Length: 64'], long),
    ...{ status: [400, 417], reaches: null },
  },
  {
    name: 'Expect with an underscore: CVE-2022-31813',
    bytes: request('POST /public/x', ['X-Expect_: 100-continue', 'Content-Length: 64'], long),
    ...{ status: 200, reaches: '/public/x' },
  },
  {
    name: 'an expectation on a request without a body',
    bytes: request('GET /public/x', ['Expect: 100-continue']),
    ...{ status: [200, 417] },
  },
  {
    name: 'an expectation in HTTP/1.0: RFC 9110 section 10.1.1',
    bytes: request('POST /public/x', ['Expect: 100-continue', 'Content-Length: 64'], long).replace(
      'HTTP/1.1',
      'HTTP/1.0',
    ),
    ...{ status: [200, 417] },
    check: ({ answer }) => expect(answer?.status).not.toBe(100),
  },
]);
