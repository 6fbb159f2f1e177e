/**
 * The client's address as sent to the service (RFC 7239, `X-Forwarded-*`, `X-Real-IP`): from an untrusted peer the
 * headers are rewritten, from a trusted proxy they are read from the right.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, request } from './support/attack-suite.ts';
import type { FooledUpstream } from './support/fooled-upstream.ts';
import type { Harm } from './support/sloppy-service.ts';

/** All values of a header that the service received, in either spelling. */
function valuesOf(upstream: FooledUpstream, name: string): string[] {
  const got = upstream.seen('length-first').find(({ target }) => !/-\d+$/.test(target));
  return (got?.headers ?? [])
    .filter(([own]) => own.toLowerCase().replaceAll('_', '-') === name)
    .map(([, value]) => value);
}

type Header = readonly [name: string, headers: readonly string[], harm?: Harm];

const made: readonly Header[] = [
  ['X-Forwarded-For: CVE-2020-28483', ['X-Forwarded-For: 6.6.6.6'], 'forged origin'],
  ['X-Forwarded-For as a list', ['X-Forwarded-For: 6.6.6.6, 6.6.6.6, 127.0.0.1'], 'forged origin'],
  ['X-Forwarded-For twice', ['X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 6.6.6.6'], 'forged origin'],
  ['X_Forwarded_For', ['X_Forwarded_For: 6.6.6.6'], 'forged origin'],
  ['x-forwarded_for in lower case', ['x-forwarded_for: 6.6.6.6'], 'forged origin'],
  ['X-Real-IP: CVE-2026-57210', ['X-Real-IP: 6.6.6.6'], 'forged origin'],
  ['X_Real_IP', ['X_Real_IP: 6.6.6.6'], 'forged origin'],
  ['Forwarded: RFC 7239', ['Forwarded: for=6.6.6.6;host=evil.test;proto=https'], 'forged origin'],
  ['Forwarded twice', ['Forwarded: for=1.1.1.1', 'forwarded: for="6.6.6.6"'], 'forged origin'],
  ['Forwarded and X-Forwarded-For', ['Forwarded: for=6.6.6.6', 'X-Forwarded-For: 6.6.6.6'], 'forged origin'],
  ['X-Forwarded-Host: CVE-2026-35051', ['X-Forwarded-Host: evil.test'], 'forged host'],
  ['X_Forwarded_Host', ['X_FORWARDED_HOST: evil.test'], 'forged host'],
  ['X-Forwarded-Server', ['X-Forwarded-Server: evil.test'], 'forged host'],
  ['Forwarded host', ['Forwarded: host=evil.test'], 'forged host'],
  ['X-Forwarded-For through Connection', ['X-Forwarded-For: 6.6.6.6', 'Connection: close'], 'forged origin'],
];

const only = (upstream: FooledUpstream, name: string, value: string) =>
  expect(valuesOf(upstream, name)).toEqual([value]);

attackSuite('forwarded headers from an untrusted peer', [
  ...made.map(
    ([name, headers, harm]): Attack => ({
      name,
      bytes: request('GET /public/x', headers),
      ...{ status: 200, reaches: '/public/x', ...(harm === undefined ? {} : { harm }) },
      check: ({ upstream }) => {
        only(upstream, 'x-forwarded-for', '127.0.0.1');
        only(upstream, 'x-forwarded-host', 'a.test');
        only(upstream, 'x-forwarded-proto', 'http');
      },
    }),
  ),
  ...(
    [
      'X-Forwarded-Proto: https',
      'X_Forwarded_Proto: https',
      'X-Forwarded-Scheme: https',
      'X-Forwarded-Ssl: on',
      'X-Forwarded-Port: 443',
    ] as const
  ).map(
    (header): Attack => ({
      name: `${header} is not trusted`,
      bytes: request('GET /public/x', [header]),
      ...{ status: 200, reaches: '/public/x' },
      check: ({ upstream }) => {
        only(upstream, 'x-forwarded-proto', 'http');
        for (const name of ['x-forwarded-scheme', 'x-forwarded-ssl']) expect(valuesOf(upstream, name)).toEqual([]);
        expect(valuesOf(upstream, 'x-forwarded-port')).not.toContain('443');
      },
    }),
  ),
  ...(
    [
      'X-Forwarded-Prefix: /admin',
      'X-Forwarded-User: root',
      'X-Forwarded-Email: root',
      'X-Forwarded-Groups: root',
      'X-Forwarded-Client-Cert: root',
    ] as const
  ).map(
    (header): Attack => ({
      name: `${header} is not forwarded: CVE-2026-40575`,
      bytes: request('GET /public/x', [header]),
      ...{ status: 200, reaches: '/public/x' },
      check: ({ upstream }) => expect(valuesOf(upstream, header.split(':')[0]!.toLowerCase())).toEqual([]),
    }),
  ),
]);

/** The chain from a trusted proxy on 127.0.0.1, and the client at its right end that the service gets. */
const chains: readonly (readonly [name: string, headers: readonly string[], client: string])[] = [
  ['one address', ['X-Forwarded-For: 203.0.113.1'], '203.0.113.1'],
  ["a client's claim before it: CVE-2026-57210", ['X-Forwarded-For: 10.9.9.9, 203.0.113.1'], '203.0.113.1'],
  ['a trusted hop in between', ['X-Forwarded-For: 9.9.9.9, 203.0.113.1, 10.0.0.7'], '203.0.113.1'],
  ['two headers are one list', ['X-Forwarded-For: 9.9.9.9', 'X-Forwarded-For: 203.0.113.1'], '203.0.113.1'],
  ['an IPv6 address', ['X-Forwarded-For: 2001:db8::1'], '2001:db8::1'],
  ['no spaces', ['X-Forwarded-For: 9.9.9.9,203.0.113.1'], '203.0.113.1'],
];

attackSuite(
  'forwarded headers from a trusted proxy',
  [
    ...chains.map(
      ([name, headers, client]): Attack => ({
        name,
        bytes: request('GET /public/x', headers),
        ...{ status: 200, reaches: '/public/x' },
        check: ({ upstream }) => only(upstream, 'x-real-ip', client),
      }),
    ),
    ...(
      [
        'nonsense',
        'unknown',
        '999.1.1.1',
        '203.0.113.1.5',
        '_hidden',
        '<script>',
        '203.0.113.1 7.7.7.7',
        ',,,',
        '',
      ] as const
    ).map(
      (value): Attack => ({
        name: `no address at the right end: ${JSON.stringify(value)}`,
        bytes: request('GET /public/x', [`X-Forwarded-For: 9.9.9.9, ${value}`, 'Forwarded: for=8.8.8.8']),
        ...{ status: 200, reaches: '/public/x' },
        check: ({ upstream }) => {
          expect(valuesOf(upstream, 'x-real-ip')).toHaveLength(1);
          expect(valuesOf(upstream, 'x-real-ip')[0]).toMatch(/^127\.0\.0\.1$|^9\.9\.9\.9$/);
        },
      }),
    ),
    ...(['X_Forwarded_For: 6.6.6.6', 'x-forwarded_for: 6.6.6.6', 'X_Real_IP: 6.6.6.6'] as const).map(
      (header): Attack => ({
        name: `a spelling that no proxy uses: ${header}`,
        bytes: request('GET /public/x', ['X-Forwarded-For: 203.0.113.1', header]),
        ...{ status: 200, reaches: '/public/x', harm: 'forged origin' },
        check: ({ upstream }) => only(upstream, 'x-real-ip', '203.0.113.1'),
      }),
    ),
    {
      name: 'X-Real-IP that contradicts the chain',
      bytes: request('GET /public/x', ['X-Forwarded-For: 203.0.113.1', 'X-Real-IP: 6.6.6.6']),
      ...{ status: 200, reaches: '/public/x', harm: 'forged origin' },
      check: ({ upstream }) => only(upstream, 'x-real-ip', '203.0.113.1'),
    },
    {
      name: 'Forwarded that contradicts the chain',
      bytes: request('GET /public/x', ['X-Forwarded-For: 203.0.113.1', 'Forwarded: for=6.6.6.6']),
      ...{ status: 200, reaches: '/public/x', harm: 'forged origin' },
    },
  ],
  { server: 'trustedProxies: ["127.0.0.1", "10.0.0.0/8"]' },
);

/** A request that has passed this gateway too often (RFC 9110 section 7.6.3). */
const passes = (count: number) => Array.from({ length: count }, () => '1.1 rolegate').join(', ');
attackSuite('Via', [
  { name: 'a few passes', bytes: request('GET /public/x', [`Via: ${passes(3)}`]), status: 200, reaches: '/public/x' },
  {
    name: 'a circle',
    bytes: request('GET /public/x', [`Via: ${passes(50)}`]),
    status: 508,
    code: 'loop_detected',
    reaches: null,
  },
  {
    name: 'a loop in several headers',
    bytes: request(
      'GET /public/x',
      Array.from({ length: 20 }, () => 'Via: 1.1 rolegate'),
    ),
    status: 508,
    reaches: null,
  },
  {
    name: 'a loop with other names in between',
    bytes: request('GET /public/x', [`Via: ${Array.from({ length: 20 }, () => '1.1 rolegate, 1.0 other').join(', ')}`]),
    status: 508,
    reaches: null,
  },
  {
    name: 'a loop in capitals',
    bytes: request('GET /public/x', [`VIA: ${passes(20).toUpperCase()}`]),
    status: 508,
    reaches: null,
  },
  {
    name: 'a loop with comments',
    bytes: request('GET /public/x', [`Via: ${Array.from({ length: 20 }, () => '1.1 rolegate (a, b)').join(', ')}`]),
    status: 508,
    reaches: null,
  },
  {
    name: 'only other names',
    bytes: request('GET /public/x', [`Via: ${Array.from({ length: 50 }, (_, i) => `1.1 hop${i}`).join(', ')}`]),
    status: 200,
    reaches: '/public/x',
  },
  { name: 'nonsense', bytes: request('GET /public/x', ['Via: ,,,"\\', 'Via: (((']), status: [200, 400] },
]);
