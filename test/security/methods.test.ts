/**
 * Methods (RFC 9110 section 9): a rule applies to the method that the service will act on. Overrides of method and path
 * by header never reach it, and no header other than the credential weakens a rule.
 */
import { expect } from 'vitest';
import { type Attack, attackSuite, bearer, request } from './support/attack-suite.ts';

const override = (name: string, value = 'DELETE', line = 'POST /items/1'): Attack => ({
  name: `override by ${name}: ${value} (CVE-2021-32786)`,
  bytes: request(line, [`${name}: ${value}`, 'Content-Length: 0']),
  ...{ status: 200, reaches: '/items/1', harm: 'protected method' },
});

const rewritten = (name: string): Attack => ({
  name: `another path by ${name}: CVE-2018-14773`,
  bytes: request('GET /public/x', [`${name}: /admin/x`]),
  ...{ status: 200, reaches: '/public/x', harm: 'protected path' },
});

attackSuite('methods', [
  override('X-HTTP-Method-Override'),
  override('x_http_method_override'),
  override('X-Http_Method-Override', 'delete'),
  override('X-HTTP-METHOD-OVERRIDE', 'DELETE', 'GET /items/1'),
  override('X-HTTP-Method'),
  override('X_HTTP_Method'),
  override('X-Method-Override'),
  override('X_METHOD_OVERRIDE'),
  rewritten('X-Original-URL'),
  rewritten('x-original_url'),
  rewritten('X-Rewrite-URL'),
  rewritten('X_REWRITE_URL'),
  rewritten('X-Forwarded-Uri'),
  rewritten('X-Forwarded-Path'),
  ...['DELETE', 'DELETE\t'].map((method) => ({
    name: `guarded method: ${JSON.stringify(method)}`,
    bytes: request(`${method} /items/1`),
    ...{ status: [400, 401], reaches: null },
  })),
  ...['delete', 'Delete', 'dELETE'].map((method) => ({
    name: `another spelling of the guarded method: ${method}`,
    bytes: request(`${method} /items/1`),
    ...{ status: 501, code: 'method_unsupported', reaches: null },
  })),
  ...['PUT', 'PATCH', 'OPTIONS', 'PROPFIND', 'PURGE', 'MKCOL', 'QUERY'].map((method) => ({
    name: `not listed: ${method}`,
    bytes: request(`${method} /items/1`, method === 'OPTIONS' ? [] : ['Content-Length: 0']),
    ...{ status: 405, code: 'method_not_allowed', reaches: null },
    check: ({ answer }: { answer: { header(name: string): string | undefined } | null }) =>
      expect(answer?.header('allow')?.split(', ').toSorted()).toEqual(['DELETE', 'GET', 'HEAD', 'POST']),
  })),
  { name: 'HEAD follows GET', bytes: request('HEAD /items/1'), status: 200, reaches: '/items/1' },
  { name: 'HEAD of a guarded path', bytes: request('HEAD /admin/x'), status: 401, reaches: null },
  ...['GET', 'POST', 'PUT', 'OPTIONS', 'PROPFIND', 'REPORT', 'LINK', 'M-SEARCH'].map((method) => ({
    name: `a rule without methods applies to all: ${method}`,
    bytes: request(`${method} /admin/x`, method === 'GET' || method === 'OPTIONS' ? [] : ['Content-Length: 0']),
    ...{ status: 401, reaches: null },
  })),
  { name: 'TRACE: RFC 9110 section 9.3.8', bytes: request('TRACE /public/x'), status: 501, reaches: null },
  { name: 'TRACK', bytes: request('TRACK /public/x'), status: [400, 501], reaches: null },
  {
    name: 'CONNECT: CVE-2026-71324',
    bytes: 'CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
    ...{ status: 501, code: 'method_unsupported', reaches: null, harm: 'hidden request' as const },
  },
  { name: 'CONNECT to a path', bytes: request('CONNECT /public/x'), status: [400, 501], reaches: null },
  {
    name: 'OPTIONS for the server: RFC 9110 section 9.3.7',
    bytes: request('OPTIONS *'),
    status: [200, 204, 400, 404],
    reaches: null,
  },
  { name: 'no method', bytes: ' /public/x HTTP/1.1\r\nHost: a.test\r\n\r\n', status: 400, reaches: null },
  { name: 'a method with a control character', bytes: request('G\x01T /public/x'), status: 400, reaches: null },
  {
    name: 'a method of 10,000 letters',
    bytes: request(`${'G'.repeat(10_000)} /public/x`),
    status: [400, 431],
    reaches: null,
  },
  { name: 'HTTP/0.9', bytes: 'GET /public/x\r\n\r\n', status: 400, reaches: null },
  { name: 'HTTP/1.2', bytes: 'GET /public/x HTTP/1.2\r\nHost: a.test\r\n\r\n', status: [400, 505, 200] },
  { name: 'HTTP/2.0', bytes: 'GET /public/x HTTP/2.0\r\nHost: a.test\r\n\r\n', status: [400, 505], reaches: null },
  {
    name: 'a version in lower case',
    bytes: 'GET /public/x http/1.1\r\nHost: a.test\r\n\r\n',
    status: 400,
    reaches: null,
  },
  { name: 'a version after two spaces', bytes: 'GET /public/x  HTTP/1.1\r\nHost: a.test\r\n\r\n', status: [200, 400] },
]);

attackSuite(
  'headers that might weaken a rule',
  [
    ['X-Middleware-Subrequest: middleware:middleware:middleware:middleware:middleware', 'CVE-2025-29927'],
    ['User-Agent: GoogleHC/1.0', 'CVE-2026-34457'],
    ['User-Agent: kube-probe/1.30', 'health check'],
    ['User-Agent: ELB-HealthChecker/2.0', 'health check'],
    ['X-Forwarded-For: 127.0.0.1', 'from this machine'],
    ['X-Real-IP: 127.0.0.1', 'from this machine'],
    ['Forwarded: for=127.0.0.1', 'from this machine'],
    ['X-Original-URL: /public/x', 'CVE-2026-33495'],
    ['X-Forwarded-Uri: /public/x', 'CVE-2026-40575'],
    ['X-Forwarded-Method: OPTIONS', 'forwarded method'],
    ['X-Forwarded-Host: open.test', 'forwarded host'],
    ['X-HTTP-Method-Override: OPTIONS', 'override towards less'],
    ['Access-Control-Request-Method: GET', 'half of a preflight'],
    ['Upgrade-Insecure-Requests: 1', 'common'],
    ['User-Id: boss', 'identity'],
    ['Groups: admin', 'identity'],
    ['Range: bytes=0-1', 'range'],
    ['If-None-Match: *', 'condition'],
    ['Sec-Fetch-Site: same-origin', 'fetch metadata'],
    ['X-Rolegate-Skip: 1', 'our own name'],
  ].flatMap(([header = '', why = '']) => [
    {
      name: `${header} (${why}), nobody`,
      bytes: request('GET /admin/x', [header]),
      ...{ status: 401, code: 'credential_missing', reaches: null },
    },
    {
      name: `${header} (${why}), without the role`,
      bytes: request('GET /admin/x', [header, bearer]),
      ...{ status: 403, code: 'role_missing', reaches: null },
    },
  ]),
);
