/** Security requirements of OpenAPI documents: alternatives, scopes, servers, templates. */
import { readFileSync } from 'node:fs';
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
const secured = (security: unknown, more: object = {}, auth: string | null = null) =>
  imported(document({ '/x': { get: { ...(security === undefined ? {} : { security }) } } }, more), 'openapi', auth);

const manyScopes = Array.from({ length: 31 }, (_, n) => ({ oauth: [`a${n}`, `b${n}`] }));

describe('security', () => {
  test.each<[string, unknown, string]>([
    ['an empty list', [], '{"GET":"public"}'],
    ['no security requirement', undefined, '{"GET":"deny"}'],
    ['a bearer', [{ token: [] }], '{"GET":"authenticated"}'],
    ['an optional one', [{}, { token: [] }], '{"GET":"optional"}'],
    ['scopes', [{ oauth: ['b', 'a'] }], '{"GET":{"all":["a","b"]}}'],
    ['either scope', [{ oauth: ['a'] }, { oauth: ['b'] }], '{"GET":["a","b"]}'],
    ['either of two sets of scopes', [{ oauth: ['a', 'b'] }, { oauth: ['c'] }], '{"GET":[{"all":["a","b"]},"c"]}'],
    ['more scopes than a rule can list', manyScopes, '{"GET":"deny"}'],
    ['two schemes', [{ oauth: ['a'] }, { key: [] }], '{"GET":"deny"}'],
    ['two at once', [{ token: [], key: [] }], '{"GET":"deny"}'],
    ['a scope that is not a role name', [{ oauth: ['a b'] }], '{"GET":"deny"}'],
    ['an undefined scheme', [{ nothing: [] }], '{"GET":"deny"}'],
    ['a scheme called __proto__', [JSON.parse('{"__proto__": []}')], '{"GET":"deny"}'],
    ['not a list', { token: [] }, '{"GET":"deny"}'],
    ['a list of words', ['token'], '{"GET":"deny"}'],
    ['scopes that are not a list', [{ oauth: 'a' }], '{"GET":"deny"}'],
  ])('%s', (_, security, access) => {
    expect(secured(security).routes).toEqual([`/x ${access} -> http://service.invalid:8080`]);
  });

  test.each<[string, unknown, string, string]>([
    ['a scope, or a key', [{ oauth: ['a'] }, { key: [] }], 'oauth', '{"GET":["a"]}'],
    ['a scope, or a key', [{ oauth: ['a'] }, { key: [] }], 'key', '{"GET":"authenticated"}'],
    ['two at once, or one', [{ token: [], key: [] }, { oauth: ['a'] }], 'oauth', '{"GET":["a"]}'],
  ])('uses one of several schemes: %s by %j with --auth %s', (_, security, auth, access) => {
    const { routes, leftovers } = secured(security, {}, auth);
    expect(routes).toEqual([`/x ${access} -> http://service.invalid:8080`]);
    expect(leftovers).toEqual([expect.stringMatching(/^stricter: GET-x \(GET \/x\): an alternative is omitted: /)]);
  });

  test('refuses a scheme that no operation requires', () => {
    expect(() => secured([{ token: [] }], {}, 'tokn')).toThrow('no operation requires a security scheme "tokn"');
  });

  test('lists several schemes with instructions', () => {
    expect(secured([{ oauth: [] }, { key: [] }]).leftovers).toEqual([
      'denied: GET-x (GET /x): several security schemes are in use (key, oauth); choose one with --auth',
    ]);
  });

  test('applies to operations without their own', () => {
    expect(secured(undefined, { security: [{ token: [] }] }).routes[0]).toContain('{"GET":"authenticated"}');
    expect(secured([], { security: [{ token: [] }] }).routes[0]).toContain('{"GET":"public"}');
  });
});

describe('paths', () => {
  const at = (path: string, servers?: unknown) =>
    imported(
      document(
        { [path]: { get: { security: [] } }, '/last': { get: { security: [] } } },
        servers === undefined ? {} : { servers },
      ),
      'openapi',
    ).routes.map((line) => line.split(' ')[0]);
  test.each<[string, unknown, readonly string[]]>([
    ['/a/{id}', undefined, ['/a/{id}', '/last']],
    ['/a/{pet-id}/{pet-id}', undefined, ['/a/{pet_id}/{pet_id_2}', '/last']],
    ['/a/b c', undefined, ['/a/b%20c', '/last']],
    ['/a/{id}.json', undefined, ['/a/{id}.json', '/last']],
    ['/a/{id}.', undefined, ['/a/{part}', '/last']],
    ['/a/{x}-{y}', undefined, ['/a/{part}', '/last']],
    ['/a?b=c', undefined, ['/a', '/last']],
    ['/a/{rest+}', undefined, ['/a/**', '/last']],
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
});

const linesOf = (paths: object) => imported(document(paths)).routes.map((line) => line.split(' ->')[0]);
const open = { security: [] };
const closed = { security: [{ token: [] }] };

test('denies a template within a segment where a wider one requires something else; a path without templates has priority', () => {
  expect(
    linesOf({
      '/files/{name}': { get: open, post: open },
      '/files/{name}.key': { get: closed },
      '/files/readme.key': { get: open },
    }),
  ).toEqual([
    '/files/{name} {"GET,POST":"public"}',
    '/files/{name}.key {"GET":"deny"}',
    '/files/readme.key {"GET":"public"}',
  ]);
  expect(linesOf({ '/files/{name}': { get: closed }, '/files/{name}.key': { get: closed } })).toEqual([
    '/files/{name} {"GET":"authenticated"}',
    '/files/{name}.key {"GET":"authenticated"}',
  ]);
});

test('denies two templates that can match the same request, as neither has priority', () => {
  expect(linesOf({ '/a/{b}/c': { get: open }, '/{a}/b/c': { get: closed } })).toEqual([
    '/a/{b}/c {"GET":"deny"}',
    '/{a}/b/c {"GET":"authenticated"}',
  ]);
});

test('treats "/f" and "/f/" as one route, denied when they differ', () => {
  expect(linesOf({ '/a': { get: closed, head: open }, '/f/': { get: open }, '/f': { get: closed } })).toEqual([
    '/a {"GET":"authenticated","HEAD":"public"}',
    '/f {"GET":"deny"}',
  ]);
});

test('denies references to another file, and resolves those within the document', () => {
  const { routes, leftovers } = imported(
    document({
      '/x': { $ref: './x.yaml' },
      '/y': { get: { $ref: './y.yaml#/get' } },
      '/z': { $ref: '#/x-paths/~1z' },
    }).replace(/^\{/, '{"x-paths":{"/z":{"get":{"security":[]}}},'),
  );
  expect(routes.map((line) => line.split(' ->')[0])).toEqual(['/x "deny"', '/y {"GET":"deny"}', '/z {"GET":"public"}']);
  expect(leftovers).toEqual([
    expect.stringMatching(/^denied: any-x \(\/x\): it is a reference to another file; bundle/),
    expect.stringMatching(/^denied: GET-y \(GET \/y\): it is a reference to another file; bundle/),
  ]);
});

test("converts the platform's document to the paths of its example", () => {
  const text = readFileSync('test/fixtures/tenant-platform.openapi.yaml', 'utf8');
  const { routes, leftovers } = imported(text);
  expect(leftovers).toEqual([]);
  expect(routes.map((line) => line.split(' ->')[0])).toEqual([
    '/status {"GET":"public"}',
    '/t/{tenant}/folders {"GET":["viewer"],"POST":["editor"]}',
    '/t/{tenant}/documents/{id:uuid} {"GET":["viewer"],"PUT":["editor"],"DELETE":[{"all":["editor","owner"]},"admin"]}',
    '/t/{tenant}/documents/{id:uuid}.json {"GET":["viewer"]}',
    '/t/{tenant}/documents/{id:uuid}/v{n:int} {"GET":["viewer"]}',
    '/t/{tenant}/documents/{id:uuid}/export.{format:(csv|json)} {"GET":["editor"]}',
    '/t/{tenant}/bills/{year:int}/{n:int}.pdf {"GET":["billing","support"]}',
    '/logos/{tenant:slug}/logo.{kind:(svg|png)} {"GET":"public"}',
  ]);
  const example = readFileSync('config/examples/tenant-platform.yaml', 'utf8');
  for (const line of routes) expect(example).toContain(`"${line.split(' ')[0]}"`);
});

test('shortens names of any length to route ids', () => {
  const long = 'a'.repeat(300);
  const described = { '/x': { get: { operationId: long, ...open } }, '/y': { put: { operationId: long, ...open } } };
  const { config } = imported(document(described));
  expect(config.routes.routes.map(({ id }) => id.length <= 100)).toEqual([true, true]);
});

test('explains how to convert Swagger 2.0 to OpenAPI 3', () => {
  expect(() => imported(JSON.stringify({ swagger: '2.0', paths: {} }))).toThrow(/this is Swagger 2.0; convert it/);
});

test.each(['2.0', '4.0.0', ''])('refuses version %j', (openapi) => {
  expect(() => imported(JSON.stringify({ openapi, paths: {} }))).toThrow(
    'expected an OpenAPI document of version 3.0 or 3.1',
  );
});

describe('shapes of path parameters', () => {
  const at = (name: string, schema: object) => ({ name, in: 'path', required: true, schema });
  const pathsOf = (paths: object) =>
    imported(document(paths, { security: [{ token: [] }] }), 'openapi', null).routes.map(
      (route) => route.split(' ')[0],
    );

  test.each<[string, object, string]>([
    ['a UUID', { type: 'string', format: 'uuid' }, '/x/{id:uuid}'],
    ['a number from zero', { type: 'integer', minimum: 0 }, '/x/{id:int}'],
    ['a number that may be negative', { type: 'integer' }, '/x/{id}'],
    ['a list of words', { type: 'string', enum: ['open', 'closed'] }, '/x/{id:(open|closed)}'],
    ['a list with a space in a word', { type: 'string', enum: ['open', 'half open'] }, '/x/{id}'],
    ['a slug', { type: 'string', pattern: '^[a-z0-9]+(?:-[a-z0-9]+)*$' }, '/x/{id:slug}'],
    ['another pattern', { type: 'string', pattern: '^[a-z]+$' }, '/x/{id}'],
    ['any text', { type: 'string' }, '/x/{id}'],
  ])('%s', (_, schema, path) => {
    expect(pathsOf({ '/x/{id}': { parameters: [at('id', schema)], get: {} } })).toEqual([path]);
  });

  test('used only where all operations of a path agree', () => {
    const uuid = [at('id', { type: 'string', format: 'uuid' })];
    expect(pathsOf({ '/x/{id}': { get: { parameters: uuid }, put: { parameters: uuid } } })).toEqual(['/x/{id:uuid}']);
    expect(pathsOf({ '/x/{id}': { get: { parameters: uuid }, put: {} } })).toEqual(['/x/{id}']);
  });

  test('not used for overlapping lists of equal priority', () => {
    const of = (...words: string[]) => ({ parameters: [at('k', { type: 'string', enum: words })], get: {} });
    expect(pathsOf({ '/{k}/a': of('x', 'y'), '/{k}/b': of('y', 'z') })).toEqual(['/{k}/a', '/{k}/b']);
    expect(pathsOf({ '/{k}/a': of('x', 'y'), '/{k}/b': of('x', 'y') })).toEqual(['/{k:(x|y)}/a', '/{k:(x|y)}/b']);
  });
});
