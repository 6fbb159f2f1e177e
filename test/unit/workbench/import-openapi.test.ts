/** Security requirements of OpenAPI documents: alternatives, scopes, servers, templates. */
import { describe, expect, test } from 'vitest';
import { imported } from './imported.ts';

const schemes = {
  token: { type: 'http', scheme: 'bearer' },
  oauth: { type: 'oauth2', flows: {} },
  key: { type: 'apiKey', in: 'header', name: 'api-key' },
  basic: { type: 'http', scheme: 'basic' },
};
const document = (paths: object, more: object = {}) =>
  JSON.stringify({ openapi: '3.0.3', info: {}, components: { securitySchemes: schemes }, paths, ...more });
const secured = (security: unknown, more: object = {}) =>
  imported(document({ '/x': { get: { ...(security === undefined ? {} : { security }) } } }, more));

describe('security', () => {
  test.each<[string, unknown, string]>([
    ['an empty list', [], '{"GET":"public"}'],
    ['nothing at all', undefined, '{"GET":"deny"}'],
    ['a bearer', [{ token: [] }], '{"GET":"authenticated"}'],
    ['an optional one', [{}, { token: [] }], '{"GET":"optional"}'],
    ['scopes', [{ oauth: ['b', 'a'] }], '{"GET":{"all":["a","b"]}}'],
    ['either scope', [{ oauth: ['a'] }, { oauth: ['b'] }], '{"GET":["a","b"]}'],
    ['a scope, or a key without', [{ oauth: ['a'] }, { key: [] }], '{"GET":"authenticated"} [scope_missing]'],
    ['a scope, or a password without', [{ oauth: ['a'] }, { basic: [] }], '{"GET":["a"]}'],
    ['two at once', [{ token: [], key: [] }], '{"GET":"deny"}'],
    ['two at once, or one', [{ token: [], key: [] }, { oauth: ['a'] }], '{"GET":["a"]}'],
    ['a scheme that is not there', [{ nothing: [] }], '{"GET":"deny"}'],
    ['a scheme called __proto__', [JSON.parse('{"__proto__": []}')], '{"GET":"deny"}'],
    ['no list', { token: [] }, '{"GET":"deny"}'],
    ['a list of words', ['token'], '{"GET":"deny"}'],
    ['scopes that are no list', [{ oauth: 'a' }], '{"GET":"deny"}'],
  ])('%s', (_, security, access) => {
    expect(secured(security).routes).toEqual([`/x ${access} -> http://service.invalid:8080`]);
  });

  test('of the document, where the operation has none', () => {
    expect(secured(undefined, { security: [{ token: [] }] }).routes[0]).toContain('{"GET":"authenticated"}');
    expect(secured([], { security: [{ token: [] }] }).routes[0]).toContain('{"GET":"public"}');
  });
});

describe('paths', () => {
  const at = (path: string, servers?: unknown, widen = false) =>
    imported(
      document(
        { [path]: { get: { security: [] } }, '/last': { get: { security: [] } } },
        servers === undefined ? {} : { servers },
      ),
      'openapi',
      { widen },
    ).routes.map((line) => line.split(' ')[0]);
  test.each<[string, unknown, readonly string[]]>([
    ['/a/{id}', undefined, ['/a/{id}', '/last']],
    ['/a/{pet-id}/{pet-id}', undefined, ['/a/{pet_id}/{pet_id_2}', '/last']],
    ['/a/b c', undefined, ['/a/b%20c', '/last']],
    ['/a/{id}.json', undefined, ['/last']],
    ['/a/{rest+}', undefined, ['/last']],
    ['/', undefined, ['/', '/last']],
    ['/a', [{ url: 'https://api.test/v1/' }], ['/v1/a', '/v1/last']],
    ['/a', [{ url: '/v1' }, { url: '/v2' }], ['/v1/a', '/v2/a', '/v1/last', '/v2/last']],
    [
      '/a',
      [{ url: 'https://{host}/{base}', variables: { host: { default: 'h' }, base: { default: 'b' } } }],
      ['/b/a', '/b/last'],
    ],
  ])('%s at %j', (path, servers, patterns) => {
    expect(at(path, servers)).toEqual(patterns);
  });

  test('--widen takes the whole segment', () => {
    expect(at('/a/{id}.json', undefined, true)).toEqual(['/a/{part}', '/last']);
  });
});

test('what a template within a segment protects does not fall to the open path around it', () => {
  const paths = {
    '/files/{name}': { get: { security: [] } },
    '/files/{name}.key': { get: { security: [{ token: [] }] } },
    '/files/readme.key': { get: { security: [] } },
  };
  expect(imported(document(paths)).routes.map((line) => line.split(' ->')[0])).toEqual([
    '/files/{name} {"GET":"authenticated"}',
    '/files/readme.key {"GET":"public"}',
  ]);
});

test('two rules for the same requests are told, also where all of the document is one line', () => {
  const open = { security: [] };
  const closed = { security: [{ token: [] }] };
  const { routes, leftovers } = imported(
    document({ '/a': { get: closed, head: open }, '/f/': { get: open }, '/f': { get: closed } }),
  );
  expect(routes.map((line) => line.split(' ->')[0])).toEqual([
    '/a {"GET,HEAD":"authenticated"}',
    '/f {"GET":"authenticated"}',
  ]);
  expect(leftovers.filter((line) => line.includes('only what all of them allow is allowed'))).toEqual([
    'head-a: it matches requests of get-a (line 1) too; only what all of them allow is allowed',
    'get-f: it matches requests of get-f (line 1) too; only what all of them allow is allowed',
  ]);
});

test('a path that stands in another file is denied', () => {
  const { routes, leftovers } = imported(document({ '/x': { $ref: './x.yaml' } }));
  expect(routes[0]).toContain('/x "deny"');
  expect(leftovers).toContain('/x: denied, because it stands in another file ("$ref")');
});

test.each(['2.0', '4.0.0', ''])('version %j is refused', (openapi) => {
  expect(() => imported(JSON.stringify({ openapi, paths: {} }))).toThrow(
    'expected an OpenAPI document of version 3.0 or 3.1',
  );
});
