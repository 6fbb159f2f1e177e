/**
 * `Connection` lists (RFC 9110 section 7.6.1) and trailers (section 6.5): a client can neither make a hop drop what the
 * gateway adds, nor add anything after the check.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';
import type { FooledUpstream } from './support/fooled-upstream.ts';
import { known } from './support/sloppy-service.ts';

type Got = { upstream: FooledUpstream };
const sent = (upstream: FooledUpstream) => upstream.seen('length-first').find(({ target }) => !/-\d+$/.test(target))!;
const names = (upstream: FooledUpstream) => sent(upstream).headers.map(([name]) => name.toLowerCase());

const hidden = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

const lists: readonly (readonly [name: string, headers: readonly string[]])[] = [
  ['one name: CVE-2022-31813', ['Connection: user-id']],
  ['capitals: CVE-2024-45410', ['Connection: USER-ID']],
  ['after keep-alive: CVE-2026-29054', ['Connection: keep-alive, user-id']],
  ['without spaces', ['Connection: keep-alive,user-id,groups']],
  ['two headers: GHSA-w9mr-28mw-j8hg', ['Connection: keep-alive', 'Connection: user-id']],
  ['empty elements', ['Connection: ,, user-id ,,']],
  ['also sent by the client', ['User-Id: root', 'Connection: user-id']],
];

attackSuite('Connection lists', [
  ...lists.map(
    ([name, headers]): Attack => ({
      name,
      bytes: request('GET /private/x', [...headers, bearer]),
      ...{ status: 200, reaches: '/private/x', harm: 'lost identity' },
      check: ({ upstream }) => {
        expect(sent(upstream).headers.filter(([own]) => own.toLowerCase() === 'user-id')).toEqual([['user-id', 'ann']]);
        expect(names(upstream)).toContain('groups');
      },
    }),
  ),
  ...(['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'host', 'via'] as const).map((own) => ({
    name: `the gateway's own header stays: ${own}`,
    bytes: request('GET /public/x', [`Connection: ${own}`]),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }: Got) => {
      if (own !== 'via') expect(names(upstream)).toContain(own);
    },
  })),
  ...(['content-length', 'Content-Length, close', 'host, content-length'] as const).map((list) => ({
    name: `framing stays: Connection: ${list}`,
    bytes: request('POST /public/x', [`Connection: ${list}`, `Content-Length: ${hidden.length}`], hidden),
    ...{ status: [200, 400], harm: 'hidden request' as const },
  })),
  {
    name: 'framing stays: Connection: transfer-encoding',
    bytes: request(
      'POST /public/x',
      ['Connection: transfer-encoding', 'Transfer-Encoding: chunked'],
      `${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ),
    ...{ status: [200, 400] },
  },
  {
    name: 'a listed credential does not make the caller anonymous at the service',
    bytes: request('GET /private/x', ['Connection: authorization', bearer]),
    ...{ status: [200, 400, 401] },
  },
  {
    name: 'listed headers of the client are removed',
    bytes: request('GET /public/x', ['Connection: x-hop, X-Other', 'X-Hop: 1', 'x-other: 2', 'X-Kept: 3']),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) => {
      expect(names(upstream)).toContain('x-kept');
      expect(names(upstream).filter((name) => name === 'x-hop' || name === 'x-other')).toEqual([]);
    },
  },
  {
    name: 'hop-by-hop headers are removed without being listed',
    bytes: request('GET /public/x', [
      'Keep-Alive: timeout=9',
      'Proxy-Connection: keep-alive',
      'TE: trailers, gzip',
      'Proxy-Authorization: Basic eA==',
    ]),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) => {
      for (const name of ['keep-alive', 'proxy-connection', 'te']) expect(names(upstream)).not.toContain(name);
    },
  },
  {
    name: 'the list itself is removed',
    bytes: request('GET /public/x', ['Connection: x-a']),
    ...{ status: 200, reaches: '/public/x' },
    check: ({ upstream }) => expect(sent(upstream).head).not.toMatch(/x-a/i),
  },
]);

const chunked = (line: string, headers: readonly string[], trailers: readonly string[]) =>
  request(line, ['Transfer-Encoding: chunked', ...headers], ['2', 'hi', '0', ...trailers, '', ''].join('\r\n'));

attackSuite('trailers', [
  ...(
    [
      ['identity', 'User-Id: root', 'forged identity'],
      ['identity with an underscore', 'user_id: root', 'forged identity'],
      ['groups', 'Groups: root', 'forged identity'],
      ['address', 'X-Forwarded-For: 6.6.6.6', 'forged origin'],
      ['Forwarded', 'Forwarded: for=6.6.6.6', 'forged origin'],
      ['host', 'Host: evil.test', 'forged host'],
      ['forwarded host', 'X-Forwarded-Host: evil.test', 'forged host'],
      ['path', 'X-Original-URL: /admin/x', 'protected path'],
    ] as const
  ).map(([name, trailer, harm]) => ({
    name: `${name}: RFC 9110 section 6.5.1`,
    bytes: chunked('POST /public/x', [], [trailer]),
    ...{ status: 200, reaches: '/public/x', harm },
    check: ({ upstream }: Got) => expect(sent(upstream).body.toString()).toBe('hi'),
  })),
  {
    name: 'an announced identity',
    bytes: chunked('POST /public/x', ['Trailer: User-Id'], ['User-Id: root']),
    ...{ status: 200, reaches: '/public/x', harm: 'forged identity' },
  },
  {
    name: 'an identity next to a real one',
    bytes: chunked('POST /private/x', [bearer], ['User-Id: root', 'groups: root']),
    ...{ status: 200, reaches: '/private/x', harm: 'forged identity' },
  },
  {
    name: 'method override',
    bytes: chunked('POST /items/1', [], ['X-HTTP-Method-Override: DELETE']),
    ...{ status: 200, reaches: '/items/1', harm: 'protected method' },
  },
  {
    name: 'a credential there is ignored',
    bytes: chunked('POST /private/x', [], [bearer]),
    ...{ status: 401, code: 'credential_missing', reaches: null },
  },
  {
    name: 'a key pair there is ignored',
    bytes: chunked('POST /private/x', [], [`Api-Key: ${known.user.key}`, `Api-Secret: ${known.user.secret}`]),
    ...{ status: 401, code: 'credential_missing', reaches: null },
  },
  {
    name: 'a credential does not reach the service',
    bytes: chunked('POST /private/x', [bearer], [`Authorization: Bearer ${known.admin.token}`]),
    ...{ status: 200, reaches: '/private/x', harm: 'leaked credential' },
  },
  ...(['Content-Length: 60', 'Transfer-Encoding: chunked', 'Content-Encoding: gzip'] as const).map((trailer) => ({
    name: `framing is not changed by ${trailer}`,
    bytes: chunked('POST /public/x', [], [trailer]),
    ...{ status: [200, 400] },
  })),
  ...(
    [
      ['no colon', 'User-Id root'],
      ['a space before the colon', 'User-Id : root'],
      ['a bare LF', 'X: a\nUser-Id: root'],
      ['a bare CR', 'X: a\rUser-Id: root'],
      ['NUL', 'X: a\x00'],
    ] as const
  ).map(([name, trailer]) => ({
    name: `malformed: ${name}`,
    bytes: chunked('POST /private/x', [bearer], [trailer]),
    status: [400, 502, 'closed'] as const,
  })),
]);
