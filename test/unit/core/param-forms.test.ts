/**
 * Parameters with a shape or with literal text around them: what they match, which wins, which tie, and what conditions
 * read.
 */
import { expect, test } from 'vitest';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { findLeaf } from '../../../src/core/routing/find-route.ts';
import { compilePattern } from '../../../src/core/url/compile-pattern.ts';
import { pathParam } from '../../../src/core/url/path-pattern.ts';
import { makeRoute } from './make-policy.ts';

const tableOf = (...patterns: readonly string[]) => {
  const table = compileRoutes(patterns.map((on, index) => makeRoute({ on }, index)));
  if ('ties' in table) throw new Error(table.ties.map(({ example }) => example).join());
  return table;
};
const winner = (patterns: readonly string[], path: string) => {
  const leaf = findLeaf(tableOf(...patterns), 'any.example', path);
  return leaf === null ? null : patterns[leaf.routes[0]!.index]!;
};

const uuid = '0b5f9f6e-7c1d-4f3a-9a55-0123456789AB';

test.each([
  ['/{id:uuid}', [uuid, uuid.toLowerCase()], [uuid.slice(1), `${uuid}0`, 'x', uuid.replaceAll('-', '')]],
  ['/{n:int}', ['0', '7', '123456789012345'], ['', '07', '-1', '+1', '1.0', '1e3', '1234567890123456', '%D9%A1']],
  ['/{s:slug}', ['a', '7', 'a-b-1'], ['A', '-a', 'a-', 'a--b', 'a_b', 'a.b']],
  ['/{k:(a|b.c)}', ['a', 'b.c'], ['A', 'b', 'c', 'bxc', 'aa']],
  ['/{id}.json', ['a.json', 'a.b.json', '.json.json'], ['.json', 'a.JSON', 'a.jsonx', 'a']],
  ['/v{n:int}', ['v1', 'v20'], ['v', 'v01', 'V1', '1']],
  ['/@{name}:edit', ['@a:edit', '%40a%3Aedit'], ['@:edit', 'a:edit']],
])('%s', (pattern, taken, others) => {
  for (const text of taken) expect([text, winner([pattern], `/${text}`)]).toEqual([text, pattern]);
  for (const text of others) expect([text, winner([pattern], `/${text}`)]).toEqual([text, null]);
});

test('the most specific form wins in any order', () => {
  const order = [
    '/v1.json',
    '/v{n:int}.json',
    '/v{n}.json',
    '/{n}.json',
    '/v{k:(1|x)}',
    '/v{n:int}',
    '/v{n:slug}',
    '/v{n}',
    '/{k:(7|a)}',
    '/{id:uuid}',
    '/{n:int}',
    '/{s:slug}',
    '/{x}',
    '/**',
  ];
  const wins = (path: string) => [winner(order, path), winner(order.toReversed(), path)];
  const expected = {
    '/v1.json': '/v1.json',
    '/v2.json': '/v{n:int}.json',
    '/vx.json': '/v{n}.json',
    '/x.json': '/{n}.json',
    '/v1': '/v{k:(1|x)}',
    '/v2': '/v{n:int}',
    '/va': '/v{n:slug}',
    '/vA': '/v{n}',
    '/7': '/{k:(7|a)}',
    [`/${uuid.toLowerCase()}`]: '/{id:uuid}',
    '/8': '/{n:int}',
    '/b': '/{s:slug}',
    '/B': '/{x}',
    '/B/c': '/**',
  };
  for (const [path, pattern] of Object.entries(expected))
    expect([path, ...wins(path)]).toEqual([path, pattern, pattern]);
});

test('falls back from a form without a matching route to a less specific one', () => {
  expect(winner(['/{n:int}/a', '/{x}/b'], '/1/b')).toBe('/{x}/b');
  expect(winner(['/{n:int}/a', '/{s:slug}/**'], '/1/b')).toBe('/{s:slug}/**');
});

test.each([
  [['/{id}.js', '/abc{id}'], 'GET http://any.example/abc.js'],
  [['/{k:(a|b)}', '/{k:(b|c)}'], 'GET http://any.example/b'],
  [['/{id}.js/{n:int}', '/abc{id}/7'], 'GET http://any.example/abc.js/7'],
  [['/{k:(a|b)}', '/{other:(b|a)}'], 'GET http://any.example/b'],
])('%j tie', (patterns, example) => {
  const compiled = compileRoutes(patterns.map((on, index) => makeRoute({ on }, index)));
  expect('ties' in compiled && compiled.ties.map((tie) => tie.example)).toEqual([example]);
});

test('overlapping patterns tie even if their methods differ, because the pattern is chosen before the method', () => {
  const compiled = compileRoutes([
    makeRoute({ on: '/{id}.js', methods: ['GET'] }, 0),
    makeRoute({ on: '/abc{id}', methods: ['POST'] }, 1),
  ]);
  expect('ties' in compiled && compiled.ties.map((tie) => tie.example)).toEqual(['http://any.example/abc.js']);
});

test('forms with no common text, or no common path, do not tie', () => {
  tableOf('/a{x}', '/b{x}', '/{k:(c|d)}', '/{k:(e|f)}', '/{id}.xml/a', '/q{id}/b');
});

test.each([
  ['/{id}.json', '/a.b.json', 'id', 'a.b'],
  ['/v{n:int}/{x}', '/v12/y', 'n', '12'],
  ['/@{name}', '/%40a%2Fb', 'name', 'a%2Fb'],
  ['/{id:uuid}', `/${uuid}`, 'id', uuid],
])('the value of a parameter excludes the literal text around it: %s of %s', (pattern, path, name, value) => {
  expect(pathParam(compilePattern(null, pattern), path, name)).toBe(value);
});
