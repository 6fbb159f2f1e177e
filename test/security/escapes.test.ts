/**
 * Escapes inside escapes, escaped slashes, and path parameters: what services decode twice or strip after the gateway's
 * check. On routes that tolerate one of these, the others are still refused.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, request } from './support/attack-suite.ts';

const get = (target: string) => request(`GET ${target}`);
type Row = readonly [name: string, target: string];

const refused = (rows: readonly Row[]): Attack[] =>
  rows.map(([name, target]) => ({
    ...{ name, bytes: get(target), status: 400, code: 'path_ambiguous', reaches: null },
    harm: 'protected path',
  }));

attackSuite('double escapes', [
  ...refused([
    ['dot segment: CVE-2012-6431, CVE-2021-42013', '/public/%252e%252e/admin/x'],
    ['dot segment, one of two dots', '/public/.%252e/admin/x'],
    ['letter', '/%2561dmin/x'],
    ['slash', '/public/..%252fadmin/x'],
    ['slash in upper case', '/public/..%252Fadmin/x'],
    ['backslash', '/public/..%255cadmin/x'],
    ['NUL', '/public/..%2500/admin/x'],
    ['semicolon', '/public/..%253b/admin/x'],
    ['escaped digits: %25 %32 %65', '/public/%25%32%65%25%32%65/admin/x'],
    ['first digit escaped', '/public/%25%32e%25%32e/admin/x'],
    ['second digit escaped', '/public/%252%65%252%65/admin/x'],
    ['letter with escaped digits', '/%25%36%31dmin/x'],
  ]),
  { name: 'thrice: %25 of %25', bytes: get('/public/%25252e'), status: 400, code: 'path_ambiguous', reaches: null },
  { name: 'a percent sign made of two halves', bytes: get('/public/%2%35%32e'), status: 400, reaches: null },
  {
    name: 'a percent sign without hex digits is text',
    bytes: get('/public/100%25'),
    status: 200,
    reaches: '/public/100%25',
  },
  {
    name: 'a percent sign before a word is text',
    bytes: get('/public/5%25zz'),
    status: 200,
    reaches: '/public/5%25zz',
  },
  {
    name: 'double escapes in a query are kept',
    bytes: get('/public/x?y=%252e'),
    status: 200,
    reaches: '/public/x?y=%252e',
  },
]);

attackSuite('slashes', [
  ...refused([
    ['escaped after a dot segment: CVE-2021-29492', '/public/..%2fadmin/x'],
    ['escaped in upper case: CVE-2026-42272', '/public/..%2Fadmin/x'],
    ['escaped throughout', '/public%2f..%2fadmin%2fx'],
    ['leading escaped slash', '/%2fadmin/x'],
    ['escaped after a name', '/public/x%2f..%2f..%2fadmin'],
    ['leading backslash: CVE-2021-31920', '/\\admin/x'],
    ['backslash after a dot segment', '/public/..\\admin/x'],
    ['backslashes throughout', '/public\\..\\admin\\x'],
    ['escaped backslash', '/public/..%5cadmin/x'],
    ['escaped backslash in upper case', '/public/..%5Cadmin/x'],
    ['leading escaped backslash', '/%5cadmin/x'],
    ['slash and backslash', '/public/..%5c%2fadmin/x'],
  ]),
  { name: 'escaped inside the guarded path', bytes: get('/admin%2fx'), status: 400, reaches: null },
  {
    name: 'backslash instead of the first slash',
    bytes: get('\\admin\\x'),
    status: 400,
    reaches: null,
    harm: 'protected path',
  },
]);

attackSuite('path parameters', [
  ...refused([
    ['dot segment: CVE-2020-5902', '/public/..;/admin/x'],
    ['dot segment with a value', '/public/..;a=b/admin/x'],
    ['empty segment: CVE-2020-1957', '/;/admin/x'],
    ['empty segment with a value', '/;a=b/admin/x'],
    ['before a dot segment', '/x;y/../admin/x'],
    ['escaped: CVE-2020-13933', '/public/..%3b/admin/x'],
    ['escaped in upper case', '/public/..%3Ba=b/admin/x'],
    ['two of them', '/public/..;a;b/admin/x'],
  ]),
  { name: 'on the guarded path', bytes: get('/admin;x/y'), status: 400, code: 'path_ambiguous', reaches: null },
  ...(['/public/x%3By', '/public/x%3by', '/%3b/admin/x', '/admin%3bx/y', '/public/%3Bjsessionid=1'] as const).map(
    (target): Attack => ({
      name: `escaped without dots: ${target}`,
      bytes: get(target),
      ...{ status: 400, code: 'path_ambiguous', reaches: null },
    }),
  ),
  { name: 'a session id', bytes: get('/public/x;jsessionid=1'), status: 400, code: 'path_ambiguous', reaches: null },
  { name: 'a semicolon in a query is text', bytes: get('/public/x?a;b'), status: 200, reaches: '/public/x?a;b' },
]);

const tolerant = `
  - { id: files, match: { path: "/files/**" }, upstream: service, access: public, path: { encodedSlash: keep } }
  - { id: params, match: { path: "/params/**" }, upstream: service, access: public, path: { semicolon: keep } }
  - { id: raw, match: { path: "/raw/**" }, upstream: service, access: public, path: { doubleEncoding: keep } }
`;

attackSuite(
  'tolerant routes',
  [
    { name: 'an escaped slash is kept', bytes: get('/files/a%2fb'), status: 200, reaches: '/files/a%2Fb' },
    { name: 'an escaped slash in upper case too', bytes: get('/files/a%2Fb'), status: 200, reaches: '/files/a%2Fb' },
    { name: 'a semicolon is kept', bytes: get('/params/a;v=1/b'), status: 200, reaches: '/params/a;v=1/b' },
    { name: 'a double escape is kept', bytes: get('/raw/a%252Fb'), status: 200, reaches: '/raw/a%252Fb' },
    { name: 'no semicolon where slashes are kept', bytes: get('/files/a;b'), status: 400, reaches: null },
    { name: 'no double escape where slashes are kept', bytes: get('/files/a%252f'), status: 400, reaches: null },
    { name: 'no escaped slash where semicolons are kept', bytes: get('/params/a%2fb'), status: 400, reaches: null },
    { name: 'no escaped slash where double escapes are kept', bytes: get('/raw/a%2fb'), status: 400, reaches: null },
    ...['/files', '/params', '/raw'].flatMap((prefix) => [
      { name: `${prefix}: no escaped dots`, bytes: get(`${prefix}/%2e%2e/admin`), status: 400, reaches: null },
      { name: `${prefix}: no escaped backslash`, bytes: get(`${prefix}/..%5cadmin`), status: 400, reaches: null },
      { name: `${prefix}: no NUL`, bytes: get(`${prefix}/a%00`), status: 400, reaches: null },
      { name: `${prefix}: dot segments are resolved`, bytes: get(`${prefix}/../admin/x`), status: 401, reaches: null },
    ]),
    {
      name: 'dot segment between escaped slashes',
      bytes: get('/files/a%2f..%2f..%2fadmin'),
      ...{ status: 400, reaches: null, harm: 'protected path' },
    },
    {
      name: 'dot segment before an escaped slash',
      bytes: get('/files/..%2fadmin'),
      ...{ status: 400, reaches: null, harm: 'protected path' },
    },
    {
      name: 'dot segment with a parameter',
      bytes: get('/params/..;a/admin'),
      ...{ status: 400, reaches: null, harm: 'protected path' },
    },
  ],
  { routes: tolerant },
);

attackSuite(
  'routes that decode escaped slashes',
  [
    { name: 'an escaped slash is decoded', bytes: get('/decoded/a%2fb'), status: 200, reaches: '/decoded/a/b' },
    {
      name: 'an escaped slash leads out of the route: the guarded path',
      bytes: get('/decoded/..%2fadmin/x'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
    {
      name: 'in upper case',
      bytes: get('/decoded/..%2Fadmin/x'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
    {
      name: 'twice',
      bytes: get('/decoded/x%2f..%2f..%2fadmin'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
    {
      name: 'with escaped dots',
      bytes: get('/decoded/%2e%2e%2fadmin'),
      status: 400,
      reaches: null,
      harm: 'protected path',
    },
    { name: 'doubly escaped', bytes: get('/decoded/..%252fadmin'), status: 400, reaches: null, harm: 'protected path' },
    { name: 'a backslash', bytes: get('/decoded/..%5cadmin'), status: 400, reaches: null, harm: 'protected path' },
    { name: 'before the route', bytes: get('/%2fadmin/x'), status: 400, reaches: null, harm: 'protected path' },
    { name: 'from outside the route into it', bytes: get('/public/..%2fdecoded/x'), status: 400, reaches: null },
    { name: 'at the boundary of the route', bytes: get('/decoded%2fx'), status: [200, 400] },
  ],
  {
    routes:
      '  - { id: decoded, match: { path: "/decoded/**" }, upstream: service, access: public, path: { encodedSlash: decode } }\n',
  },
);

const lenient = `
  - { id: shop, match: { path: "/shop/**" }, upstream: service, access: public, path: { caseSensitive: false } }
  - { id: till, match: { path: "/shop/till/**" }, upstream: service, access: [admin] }
  - { id: blob, match: { path: "/blob/**" }, upstream: service, access: public, path: { mergeSlashes: false } }
`;

attackSuite(
  'routes that ignore letter case or keep empty segments',
  [
    { name: 'another case of a literal', bytes: get('/SHOP/x'), status: 200, reaches: '/shop/x' },
    { name: 'another case, escaped', bytes: get('/%53hop/x'), status: 200, reaches: '/shop/x' },
    {
      name: 'another case of a guarded path below: never allowed by the open rule',
      bytes: get('/shop/TILL/x'),
      status: [400, 401],
      reaches: null,
    },
    { name: 'another case of both', bytes: get('/Shop/Till/x'), status: [400, 401], reaches: null },
    {
      name: 'another case, escaped, of the guarded path',
      bytes: get('/shop/%54ill/x'),
      status: [400, 401],
      reaches: null,
    },
    { name: 'the guarded path', bytes: get('/shop/till/x'), status: 401, reaches: null },
    { name: 'empty segments are kept', bytes: get('/blob/a//b'), status: 200, reaches: '/blob/a//b' },
    {
      name: 'leading empty segments reach no other route',
      bytes: get('//blob/x'),
      status: [200, 400],
      check: ({ upstream }) => expect(upstream.received().join('')).not.toMatch(/^\S+ \/\//m),
    },
    {
      name: 'an empty segment before a dot segment',
      bytes: get('/blob//../../admin/x'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
    {
      name: 'two empty segments before dot segments',
      bytes: get('/blob///../../../admin/x'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
    {
      name: 'as many dot segments as a merging service needs',
      bytes: get('/blob//x/../../admin'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
    {
      name: 'an empty segment in the guarded path',
      bytes: get('/blob/..//admin/x'),
      status: [400, 401],
      reaches: null,
      harm: 'protected path',
    },
  ],
  { routes: lenient },
);
