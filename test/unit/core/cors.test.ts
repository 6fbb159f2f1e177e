/** CORS of routes (Fetch standard, section 3.3): allowed origins, preflights, and response headers. */
import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { allowedOrigin, appendCorsHeaders, type CorsSource, compileCors } from '../../../src/core/forwarding/cors.ts';
import { makePolicy, type RouteSpec, splitHeader, view } from './make-policy.ts';

const app = 'https://app.example.test';
const source: CorsSource = {
  origins: [app],
  methods: null,
  headers: ['authorization', 'content-type'],
  exposeHeaders: [],
  credentials: false,
  maxAgeMs: 600_000,
};
const cors = (part: Partial<CorsSource> = {}) => compileCors({ ...source, ...part });

describe('origins', () => {
  const wildcards = cors({ origins: ['https://*.example.test', 'http://*.dev.test:3000'] });
  test.each([
    ['exact', cors(), app, app],
    ['another scheme', cors(), 'http://app.example.test', null],
    ['another port', cors(), `${app}:8443`, null],
    ['the default port written out', cors(), `${app}:443`, null],
    ['capitals, which browsers never send', cors(), 'https://APP.example.test', null],
    ['a longer name', cors(), `${app}.evil.test`, null],
    ['a prefixed name', cors(), 'https://evil-app.example.test', null],
    ['a path', cors(), `${app}/`, null],
    ['null', cors(), 'null', null],
    ['empty', cors(), '', null],
    ['two origins in one value', cors(), `${app} ${app}`, null],
    ['any origin', cors({ origins: ['*'] }), 'https://any.test', '*'],
    ['any origin, including null', cors({ origins: ['*'] }), 'null', '*'],
    ['wildcard', wildcards, 'https://a.example.test', 'https://a.example.test'],
    ['a wildcard with a deeper name', wildcards, 'https://a-1.b_2.example.test', 'https://a-1.b_2.example.test'],
    ['wildcard with a port', wildcards, 'http://a.dev.test:3000', 'http://a.dev.test:3000'],
    ['a wildcard with its port missing', wildcards, 'http://a.dev.test', null],
    ['a wildcard with another port', wildcards, 'https://a.example.test:444', null],
    ['the bare domain of a wildcard', wildcards, 'https://example.test', null],
    ['an empty name', wildcards, 'https://.example.test', null],
    ['a partial label', wildcards, 'https://aexample.test', null],
    ['another scheme than the wildcard', wildcards, 'http://a.example.test', null],
    ['a leading name and port', wildcards, 'https://evil.test:443.example.test', null],
    ['leading user information', wildcards, 'https://evil.test@a.example.test', null],
    ['a leading slash', wildcards, 'https://evil.test/.example.test', null],
    ['a leading line break', wildcards, 'https://a\r\nx: y.example.test', null],
    ['leading capitals', wildcards, 'https://A.example.test', null],
    ['a label that is too long', wildcards, `https://${'a'.repeat(64)}.example.test`, null],
    ['too many labels', wildcards, `https://${'a.'.repeat(200)}example.test`, null],
  ])('%s', (_name, policy, origin, expected) => {
    expect(allowedOrigin(policy, origin)).toBe(expected);
  });
});

const asking = [`Origin: ${app}`, 'Access-Control-Request-Method: PUT'];
const route: RouteSpec = { on: '/a', access: { GET: ['user'], PUT: ['admin'] }, cors: cors() };

function ask(headers: readonly string[], specs: readonly RouteSpec[] = [route], line = 'OPTIONS /a') {
  const decision = decide(view(line, headers), makePolicy(specs), () => expect.fail('the resolver was called'));
  return decision instanceof Promise ? expect.fail('the decision is a promise') : decision;
}

function headersOf(headers: readonly string[], specs?: readonly RouteSpec[]): Record<string, string> {
  const decision = ask(headers, specs);
  if (decision.outcome !== 'preflight') return expect.fail(String(decision.reason));
  return Object.fromEntries(
    decision.headers.flatMap((name, i) => (i % 2 === 0 ? [[name, decision.headers[i + 1]!]] : [])),
  );
}

describe('a preflight', () => {
  test('gets its response before a credential is read', () => {
    expect(headersOf([...asking, 'Authorization: Basic x', 'Authorization: y'])).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'authorization, content-type',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
    expect(ask(asking)).toMatchObject({ stage: 'match', identity: null, source: 'none', route: { id: '/a' } });
  });

  test("gets the route's own settings, whatever it requests", () => {
    const policy = cors({ methods: ['GET', 'POST'], headers: [], credentials: true, maxAgeMs: 0 });
    const sent = [...asking, 'Access-Control-Request-Headers: x-evil'];
    expect(headersOf(sent, [{ ...route, cors: policy }])).toEqual({
      'access-control-allow-origin': app,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST',
      'access-control-max-age': '0',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
  });

  test('from another origin is refused', () => {
    const sent = ['Origin: https://evil.test', asking[1]!];
    expect(ask(sent)).toMatchObject({ outcome: 'refuse', reason: 'cors_origin_forbidden', stage: 'match' });
  });

  test.each([
    ['no origin', [asking[1]!], 'method_not_allowed'],
    ['no requested method', [asking[0]!], 'method_not_allowed'],
    ['two origins', [...asking, asking[0]!], 'method_not_allowed'],
    ['two methods', [...asking, asking[1]!], 'method_not_allowed'],
    ['a malformed method', [asking[0]!, 'Access-Control-Request-Method: G T'], 'method_not_allowed'],
    ['an empty method', [asking[0]!, 'Access-Control-Request-Method:'], 'method_not_allowed'],
    [
      'a method without a rule on the route',
      [asking[0]!, 'Access-Control-Request-Method: DELETE'],
      'method_not_allowed',
    ],
  ])('with %s is an ordinary OPTIONS request', (_name, headers, reason) => {
    expect(ask(headers)).toMatchObject({ outcome: 'refuse', reason });
  });

  test.each([
    ['another method', asking, [route], 'GET /a', 'credential_missing'],
    ['a route without CORS', asking, [{ ...route, cors: undefined }], 'OPTIONS /a', 'method_not_allowed'],
    ['no route', asking, [route], 'OPTIONS /b', 'route_not_found'],
    ['an ambiguous path', asking, [route], 'OPTIONS /a%2f', 'path_ambiguous'],
    ['a broken path', asking, [route], 'OPTIONS /%2e%2e', 'path_ambiguous'],
  ])('is not recognized with %s', (_name, headers, specs, line, reason) => {
    const given = specs.map(({ cors: policy, ...rest }) => (policy === undefined ? rest : { ...rest, cors: policy }));
    expect(ask(headers, given, line)).toMatchObject({ outcome: 'refuse', reason });
  });

  test('is matched only to the route of the requested method', () => {
    const read: RouteSpec = { on: '/a', id: 'read', methods: ['GET'], cors: cors() };
    const write: RouteSpec = { on: '/a', id: 'write', methods: ['PUT', 'OPTIONS'], access: ['admin'] };
    expect(ask(asking, [read, write])).toMatchObject({ outcome: 'refuse', reason: 'credential_missing' });
    const sent = [asking[0]!, 'Access-Control-Request-Method: GET'];
    expect(ask(sent, [read, write])).toMatchObject({ outcome: 'preflight', route: { id: 'read' } });
  });
});

describe('other responses', () => {
  const added = (policy: Partial<CorsSource>, headers: readonly string[]) => {
    const out: string[] = [];
    appendCorsHeaders(out, cors(policy), headers.flatMap(splitHeader));
    return out;
  };
  const exposed = ['access-control-expose-headers', 'x-error, x-error-id'];
  test.each([
    ['without an origin', {}, [], ['vary', 'Origin']],
    [
      'from an allowed origin',
      {},
      [`Origin: ${app}`],
      ['vary', 'Origin', 'access-control-allow-origin', app, ...exposed],
    ],
    ['from another origin', {}, ['Origin: https://evil.test'], ['vary', 'Origin']],
    ['from two origins', {}, [`Origin: ${app}`, `origin: ${app}`], ['vary', 'Origin']],
    ['from any origin', { origins: ['*'] }, ['Origin: null'], ['access-control-allow-origin', '*', ...exposed]],
    [
      'with credentials',
      { credentials: true },
      [`Origin: ${app}`],
      ['vary', 'Origin', 'access-control-allow-origin', app, 'access-control-allow-credentials', 'true', ...exposed],
    ],
    [
      'with further exposed headers',
      { exposeHeaders: ['retry-after', 'x-error'] },
      [`Origin: ${app}`],
      ['vary', 'Origin', 'access-control-allow-origin', app, exposed[0], 'x-error, x-error-id, retry-after'],
    ],
  ])('%s', (_name, policy, headers, expected) => {
    expect(added(policy, headers)).toEqual(expected);
  });
});
