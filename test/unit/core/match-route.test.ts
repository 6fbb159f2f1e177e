/** Which route a request matches: the most specific one, in any file order, or why none matches. */
import { describe, expect, test } from 'vitest';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';
import { matchRoute } from '../../../src/core/routing/match-route.ts';
import { Ambiguity } from '../../../src/core/url/ambiguity.ts';
import { makeTable, type RouteSpec, view } from './make-policy.ts';

/** Id of the matched route, `405 <Allow>`, or the reason. */
function match(specs: readonly RouteSpec[], line: string, host?: string): string {
  const request = normalizeRequest(view(line, [], host));
  if (typeof request === 'string') return request;
  const found = matchRoute(makeTable(specs), request);
  if (typeof found === 'string') return found;
  return 'allow' in found ? `405 ${found.allow}` : found.route.id;
}

/** Id and kind of the rule for a method of `/a`. */
function ruleOf(specs: readonly RouteSpec[], method: string): string {
  const request = normalizeRequest(view(`${method} /a`));
  const found = typeof request === 'string' ? request : matchRoute(makeTable(specs), request);
  return typeof found === 'object' && 'rule' in found ? `${found.route.id} ${found.rule.kind}` : 'refused';
}

const paths: RouteSpec[] = [
  { on: '/**' },
  { on: '/v1/**' },
  { on: '/v1/orders' },
  { on: '/v1/orders/{id}' },
  { on: '/v1/orders/mine' },
  { on: '/v1/{kind}/mine/items' },
  { on: '/v1/orders/{id}/**' },
  { on: '/v1/orders/{id}/items/{item}' },
];

describe('specificity of paths', () => {
  const rows: [string, string, string][] = [
    ['only the rest', '/', '/**'],
    ['rest matches an empty rest', '/v1', '/v1/**'],
    ['a trailing slash adds no segment', '/v1/', '/v1/**'],
    ['exact end over an empty rest', '/v1/orders', '/v1/orders'],
    ['exact end with a trailing slash', '/v1/orders/', '/v1/orders'],
    ['parameter over rest', '/v1/orders/7', '/v1/orders/{id}'],
    ['literal over parameter', '/v1/orders/mine', '/v1/orders/mine'],
    ['a literal branch without an end falls back to the parameter', '/v1/orders/mine/x', '/v1/orders/{id}/**'],
    ['the leftmost segment decides', '/v1/orders/mine/items', '/v1/orders/{id}/**'],
    ['the parameter branch if no literal fits', '/v1/users/mine/items', '/v1/{kind}/mine/items'],
    ['deep literals', '/v1/orders/7/items/3', '/v1/orders/{id}/items/{item}'],
    ['rest of any depth', '/v1/orders/7/items/3/4/5', '/v1/orders/{id}/**'],
    ['whole segments only', '/v1/ordersx', '/v1/**'],
    ['a more specific literal in another letter case', '/V1/orders', 'path_ambiguous'],
    ['letter case where no literal is', '/V2/orders', '/**'],
    ['escaped letters are decoded first', '/v1/%6frders/m%69ne', '/v1/orders/mine'],
    ['dot segments are removed first', '/v1/x/../orders', '/v1/orders'],
  ];
  test.each(rows)('%s', (_name, path, expected) => {
    expect(match(paths, `GET ${path}`)).toBe(expected);
    expect(match([...paths].reverse(), `GET ${path}`)).toBe(expected);
  });

  test('matches no route: nothing is open by omission', () => {
    expect(match([{ on: '/public/**' }, { on: '/a/{b}' }], 'GET /publicx')).toBe('route_not_found');
    expect(match([{ on: '/public/**' }, { on: '/a/{b}' }], 'GET /a')).toBe('route_not_found');
    expect(match([{ on: '/public/**' }, { on: '/a/{b}' }], 'GET /a/b/c')).toBe('route_not_found');
    expect(match([], 'GET /')).toBe('route_not_found');
  });

  test('a parameter matches one non-empty segment', () => {
    expect(match([{ on: '/a/{b}' }], 'GET /a/')).toBe('route_not_found');
    expect(match([{ on: '/{b}' }], 'GET /')).toBe('route_not_found');
  });

  test('literals are compared decoded, however either side is spelled', () => {
    expect(match([{ on: '/a@b' }, { on: '/**' }], 'GET /a%40b')).toBe('/a@b');
    expect(match([{ on: '/a%40b' }, { on: '/**' }], 'GET /a@b')).toBe('/a%40b');
    expect(match([{ on: '/caf%c3%a9' }, { on: '/**' }], 'GET /caf%C3%A9')).toBe('/caf%c3%a9');
    expect(match([{ on: '/a|b' }, { on: '/**' }], 'GET /a%7cb')).toBe('/a|b');
  });

  test('prototype names are ordinary names', () => {
    const specs: RouteSpec[] = [{ on: '/a/{x}' }];
    for (const name of ['__proto__', 'constructor', 'toString']) expect(match(specs, `GET /a/${name}`)).toBe('/a/{x}');
    expect(match(specs, 'GET /__proto__')).toBe('route_not_found');
  });
});

describe('specificity of hosts', () => {
  const hosts: RouteSpec[] = [
    { on: '/a/b' },
    { on: '/c' },
    { on: '*.example.test/a/**' },
    { on: '*.eu.example.test/a/**' },
    { on: 'api.example.test/**' },
    { on: 'api.eu.example.test/a' },
    { on: 'API2.Example.test/x' },
  ];
  test.each([
    ['exact host over everything, even a better path', 'api.example.test', '/a/b', 'api.example.test/**'],
    ['exact host in capitals', 'API.EXAMPLE.TEST', '/a/b', 'api.example.test/**'],
    ['exact host with a port', 'api.example.test:8443', '/a/b', 'api.example.test/**'],
    ['exact host with a trailing dot', 'api.example.test.', '/a/b', 'api.example.test/**'],
    ['wildcard over no host', 'www.example.test', '/a/b', '*.example.test/a/**'],
    ['longer wildcard over shorter', 'www.eu.example.test', '/a/b', '*.eu.example.test/a/**'],
    ['exact host without a matching path: its wildcard', 'api.eu.example.test', '/a/b', '*.eu.example.test/a/**'],
    ['wildcard without a matching path: any host', 'www.eu.example.test', '/c', '/c'],
    ['wildcard does not match the bare domain', 'example.test', '/a/b', '/a/b'],
    ['wildcard needs a whole label', 'wwwexample.test', '/a/b', '/a/b'],
    ['wildcard is a suffix, not a prefix', 'www.example.test.evil.test', '/a/b', '/a/b'],
    ['unknown host', 'evil.test', '/a/b', '/a/b'],
    ['pattern host in capitals', 'api2.example.test', '/x', 'API2.Example.test/x'],
    ['IPv6 host', '[::1]:80', '/c', '/c'],
  ])('%s', (_name, host, path, expected) => {
    expect(match(hosts, `GET ${path}`, host)).toBe(expected);
    expect(match([...hosts].reverse(), `GET ${path}`, host)).toBe(expected);
  });

  test("a pattern's host never opens another host", () => {
    expect(match([{ on: 'api.example.test/**' }], 'GET /a', 'evil.test')).toBe('route_not_found');
    expect(match([{ on: '*.example.test/**' }], 'GET /a', '.example.test')).not.toBe('*.example.test/**');
  });
});

describe('methods', () => {
  const listed: RouteSpec = { on: '/a', access: { GET: ['user'], PUT: ['reporter'] } };
  test.each([
    ['listed', [listed], 'GET', '/a'],
    ['HEAD follows GET', [listed], 'HEAD', '/a'],
    ['unlisted', [listed], 'POST', '405 GET, HEAD, PUT'],
    ['OPTIONS is an ordinary method', [listed], 'OPTIONS', '405 GET, HEAD, PUT'],
    ['unknown', [listed], 'PURGE', '405 GET, HEAD, PUT'],
    ['lower case is another method', [listed], 'get', 'method_unsupported'],
    ['HEAD without GET is not listed', [{ on: '/a', access: { PUT: ['user'] } }], 'HEAD', '405 PUT'],
    ['no list: every method', [{ on: '/a', access: ['user'] }], 'PURGE', '/a'],
    ['matched methods', [{ on: '/a', methods: ['GET'] }], 'GET', '/a'],
    ['HEAD follows a matched GET', [{ on: '/a', methods: ['GET'] }], 'HEAD', '/a'],
    ['unmatched method', [{ on: '/a', methods: ['GET'] }], 'POST', '405 GET, HEAD'],
    [
      'two routes of one path',
      [
        { on: '/a', id: 'r', methods: ['GET'] },
        { on: '/a', id: 'w', methods: ['POST'] },
      ],
      'POST',
      'w',
    ],
    [
      'HEAD with its own route',
      [
        { on: '/a', id: 'r', methods: ['GET'] },
        { on: '/a', id: 'h', methods: ['HEAD'] },
      ],
      'HEAD',
      'h',
    ],
    [
      'Allow of two routes',
      [
        { on: '/a', methods: ['GET'] },
        { on: '/a', methods: ['POST'] },
      ],
      'PUT',
      '405 GET, HEAD, POST',
    ],
    ['no fall-through to a wider route', [listed, { on: '/**' }], 'POST', '405 GET, HEAD, PUT'],
    [
      'no fall-through to another host',
      [{ ...listed, on: 'api.example.test/a' }, { on: '/a' }],
      'POST',
      '405 GET, HEAD, PUT',
    ],
    [
      'match does not open methods that access omits',
      [{ on: '/a', methods: ['GET', 'POST'], access: { GET: 'public' } }],
      'POST',
      '405 GET, HEAD',
    ],
    [
      'access does not open methods that match omits',
      [{ on: '/a', methods: ['GET'], access: { GET: 'public', POST: 'public' } }],
      'POST',
      '405 GET, HEAD',
    ],
    [
      'GET without HEAD where access lists HEAD',
      [{ on: '/a', methods: ['GET'], access: { GET: 'public', HEAD: 'deny' } }],
      'HEAD',
      '/a deny',
    ],
    ['HEAD uses the rule of GET', [{ on: '/a', access: { GET: 'optional', PUT: 'deny' } }], 'HEAD', '/a optional'],
    ['HEAD keeps its own rule', [{ on: '/a', access: { HEAD: 'deny', GET: 'public' } }], 'HEAD', '/a deny'],
    ['prototype name', [listed], 'constructor', 'method_unsupported'],
  ] as [string, RouteSpec[], string, string][])('%s', (_name, specs, method, expected) => {
    const [id, rule] = expected.split(' ');
    if (rule === 'deny' || rule === 'optional') expect(ruleOf(specs, method)).toBe(`${id} ${rule}`);
    else expect(match(specs, `${method} /a`)).toBe(expected);
  });
});

describe('tolerated ambiguities', () => {
  const { encodedSlash, semicolon, doubleEncoding } = Ambiguity;
  const tolerant = (tolerates: number): RouteSpec[] => [{ on: '/files/{name}', tolerates }, { on: '/other/**' }];
  test.each([
    ['none tolerated', 0, '/files/a%2fb', 'path_ambiguous'],
    ['escaped slash tolerated: one segment', encodedSlash, '/files/a%2fb', '/files/{name}'],
    ['semicolon tolerated', semicolon, '/files/a;b', '/files/{name}'],
    ['double escape tolerated', doubleEncoding, '/files/a%252fb', '/files/{name}'],
    ['another kind than the tolerated one', semicolon, '/files/a%2fb', 'path_ambiguous'],
    ['one of two tolerated', encodedSlash, '/files/a%2fb;c', 'path_ambiguous'],
    ['both tolerated', encodedSlash | semicolon, '/files/a%2fb;c', '/files/{name}'],
    ['another route that does not tolerate it', encodedSlash, '/other/a%2fb', 'path_ambiguous'],
    ['an escaped slash is not a separator', encodedSlash, '/files%2fa', 'path_ambiguous'],
    ['dot segments are never tolerated', encodedSlash | semicolon | doubleEncoding, '/files/..%2fb', 'path_ambiguous'],
    [
      'dot segments with a parameter are never tolerated',
      encodedSlash | semicolon | doubleEncoding,
      '/files/..;a',
      'path_ambiguous',
    ],
  ])('%s', (_name, tolerates, path, expected) => {
    const found = match(tolerant(tolerates), `GET ${path}`);
    if (path === '/files%2fa') expect(['path_ambiguous', 'route_not_found']).toContain(found);
    else expect(found).toBe(expected);
  });

  test('refuses a path that a decoding service reads as a more specific route, and allows a less specific one', () => {
    const specs = [{ on: '/files/admin' }, { on: '/**', tolerates: encodedSlash }];
    expect(match(specs, 'GET /files%2fadmin')).toBe('path_ambiguous');
    expect(match(specs, 'GET /files%2fother')).toBe('/**');
  });
});
