import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileCors } from '../../../src/core/forwarding/cors.ts';
import { compileResponseRules } from '../../../src/core/forwarding/response-rules.ts';
import type { AccessSource } from '../../../src/core/policy/access.ts';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { describeRoutes, extrasInWords, ruleInWords } from '../../../src/core/routing/describe-routes.ts';
import { matchRoute } from '../../../src/core/routing/match-route.ts';
import type { RouteTable } from '../../../src/core/routing/route-table.ts';
import { makeRoute, makeTable, type RouteSpec } from './make-policy.ts';

function accessOf(spec: Omit<RouteSpec, 'on'>) {
  return describeRoutes(makeTable([{ on: '/a', ...spec }]))[0]!.access;
}

describe('shows access as configured and as it applies', () => {
  test.each([
    ['a word', { access: 'public' as const }, [{ method: '*', rule: 'public' }]],
    ['a list', { access: ['user'] }, [{ method: '*', rule: ['user'] }]],
    ['a list before inheritance', { access: ['reporter', 'user'] }, [{ method: '*', rule: ['reporter', 'user'] }]],
    [
      'any, all, none',
      { access: { any: ['user'], none: ['suspended'] } },
      [{ method: '*', rule: { any: ['user'], none: ['suspended'] } }],
    ],
    ['only all', { access: { all: ['admin'] } }, [{ method: '*', rule: { all: ['admin'] } }]],
    [
      'rules by method, HEAD like GET',
      { access: { GET: ['user'] as const, DELETE: 'deny' as const } },
      [
        { method: 'GET', rule: ['user'] },
        { method: 'HEAD', rule: ['user'] },
        { method: 'DELETE', rule: 'deny' },
      ],
    ],
    [
      'HEAD with its own rule',
      { access: { HEAD: 'public' as const, GET: ['user'] as const } },
      [
        { method: 'HEAD', rule: 'public' },
        { method: 'GET', rule: ['user'] },
      ],
    ],
    [
      'only methods that match',
      { methods: ['GET'], access: { GET: 'public' as const, POST: 'deny' as const } },
      [
        { method: 'GET', rule: 'public' },
        { method: 'HEAD', rule: 'public' },
      ],
    ],
    ['one rule for listed methods', { methods: ['POST'], access: ['user'] }, [{ method: 'POST', rule: ['user'] }]],
  ])('%s', (_, spec, expected) => expect(accessOf(spec)).toEqual(expected));
});

test('a row contains what the route does, null for no limit, and fits JSON', () => {
  const rows = describeRoutes(
    makeTable([
      { on: '/plain', id: 'plain' },
      {
        on: '*.example.test/v1/{id}/**',
        id: 'full',
        maxVerdictAgeMs: 5000,
        rewrite: { stripPrefix: '/v1', addPrefix: '' },
      },
    ]),
  );
  expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  expect(rows[0]).toMatchObject({
    id: 'plain',
    index: 0,
    host: null,
    path: '/plain',
    maxVerdictAgeMs: null,
    maxBodyBytes: null,
  });
  expect(rows[1]).toEqual({
    id: 'full',
    index: 1,
    host: '*.example.test',
    path: '/v1/{id}/**',
    methods: null,
    access: [{ method: '*', rule: 'public' }],
    upstream: 'service',
    credentials: ['bearer', 'keyPair'],
    challenges: ['Bearer'],
    maxVerdictAgeMs: 5000,
    timeoutMs: 10_000,
    idleTimeoutMs: null,
    maxBodyBytes: null,
    rewrite: { stripPrefix: '/v1', addPrefix: '' },
    forwardCredentials: false,
    websocket: false,
  });
});

test.each([
  ['public', 'everyone, no credential is read'],
  ['optional', 'everyone, known or anonymous'],
  ['authenticated', 'any identity'],
  ['deny', 'no one'],
  [['user', 'reporter'], 'any of user, reporter'],
  [{ any: ['user'], all: ['a', 'b'], none: ['suspended'] }, 'any of user; all of a, b; none of suspended'],
  [[], 'any identity'],
  [{}, 'any identity'],
] as const)('%j in words', (rule, words) => expect(ruleInWords(rule)).toBe(words));

const methods = ['GET', 'HEAD', 'POST', 'PUT'] as const;
const words: fc.Arbitrary<AccessSource> = fc.constantFrom<AccessSource>('public', 'deny', 'authenticated', ['user']);
const byMethod = fc
  .tuple(fc.subarray([...methods], { minLength: 1 }), words)
  .map(([listed, rule]): Record<string, AccessSource> => Object.fromEntries(listed.map((method) => [method, rule])));
const spec: fc.Arbitrary<RouteSpec> = fc.record({
  on: fc.constantFrom('/a', '/a/**', '/{p}', 'x.test/a'),
  methods: fc.subarray([...methods], { minLength: 1 }),
  access: fc.oneof<fc.Arbitrary<AccessSource | Record<string, AccessSource>>[]>(words, byMethod),
});

test('the table shows for each method what a request gets', () => {
  let compared = 0;
  fc.assert(
    fc.property(spec, fc.constantFrom(...methods, 'PATCH'), (one, method) => {
      const table = compileRoutes([makeRoute(one)]) as RouteTable;
      const request = {
        method,
        host: 'x.test',
        authority: 'x.test',
        path: '/a',
        query: '',
        unmerged: null,
        ambiguities: 0,
      };
      const match = matchRoute(table, request);
      const told = describeRoutes(table)[0]!.access.find((row) => row.method === method || row.method === '*');
      if (typeof match === 'object' && 'rule' in match) {
        compared += 1;
        const kind = typeof told?.rule === 'string' ? told.rule : 'roles';
        expect(told).toBeDefined();
        expect(kind).toBe(match.rule.kind);
      } else expect(told).toBeUndefined();
    }),
    { numRuns: 1_000 },
  );
  expect(compared).toBeGreaterThan(100);
});

describe('other settings of a route', () => {
  const cors = compileCors({
    origins: ['https://app.example.test', 'https://*.example.test'],
    methods: null,
    headers: [],
    exposeHeaders: [],
    credentials: true,
    maxAgeMs: 0,
  });
  const answers = compileResponseRules({ security: 'off', set: new Map([['x-a', 'b']]), remove: ['server'] })!;
  test.each<[string, Omit<RouteSpec, 'on'>, object, readonly string[]]>([
    ['nothing', {}, {}, []],
    [
      'pages of other origins',
      { cors },
      { cors: { origins: ['https://app.example.test', 'https://*.example.test'], credentials: true } },
      ['cors https://app.example.test, https://*.example.test with cookies'],
    ],
    [
      'spellings and readings of paths',
      { tolerates: 2, reading: { encodedSlash: 'decode', caseSensitive: false, mergeSlashes: false } },
      { pathReading: { semicolon: 'keep', encodedSlash: 'decode', caseSensitive: false, mergeSlashes: false } },
      ['path semicolon: keep', 'path encodedSlash: decode', 'path caseSensitive: false', 'path mergeSlashes: false'],
    ],
    [
      'response headers',
      { response: answers },
      { responseHeaders: { set: { 'x-a': 'b' }, remove: ['server'] } },
      ['adds response headers x-a', 'removes response headers server'],
    ],
  ])('%s', (_, spec, extras, words) => {
    const [row] = describeRoutes(makeTable([{ on: '/a', ...spec }]));
    expect(row).toMatchObject(extras);
    expect(extrasInWords(row!)).toEqual(words);
  });
});
