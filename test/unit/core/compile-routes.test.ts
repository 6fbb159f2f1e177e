/** Ties: two routes of equal specificity are an error at load, with an example request that both match. */
import { describe, expect, test } from 'vitest';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { makeRoute, makeTable, type RouteSpec, view } from './make-policy.ts';

function ties(...specs: RouteSpec[]) {
  const result = compileRoutes(specs.map(makeRoute));
  return 'ties' in result ? result.ties : [];
}

describe('ties', () => {
  test.each([
    ['the same path', { on: '/a/b' }, { on: '/a/b' }],
    ['parameters with different names', { on: '/a/{x}' }, { on: '/a/{y}' }],
    ['the same rest', { on: '/a/**' }, { on: '/a/**' }],
    ['a trailing slash', { on: '/a' }, { on: '/a/' }],
    ['a literal in two spellings', { on: '/a@b' }, { on: '/a%40b' }],
    ['an escaped letter', { on: '/abc' }, { on: '/%61bc' }],
    ['hosts in two cases', { on: 'api.example.test/a' }, { on: 'API.example.test/a' }],
    ['wildcard hosts', { on: '*.example.test/a' }, { on: '*.Example.test/a' }],
    ['a listed method and every method', { on: '/a' }, { on: '/a', methods: ['GET'] }],
    ['one method in common', { on: '/a', methods: ['GET', 'PUT'] }, { on: '/a', methods: ['POST', 'PUT'] }],
  ] as [string, RouteSpec, RouteSpec][])('%s', (_name, first, second) => {
    const found = ties(first, { on: '/elsewhere' }, second);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ first: { index: 0 }, second: { index: 2 } });
    expect(ties(second, first)).toHaveLength(1);
  });

  test.each([
    ['different literals', { on: '/a' }, { on: '/b' }],
    ['different case', { on: '/a' }, { on: '/A' }],
    ['literal and parameter', { on: '/a/b' }, { on: '/a/{x}' }],
    ['crossed literals and parameters', { on: '/a/{x}' }, { on: '/{y}/b' }],
    ['end and empty rest', { on: '/a' }, { on: '/a/**' }],
    ['parameter and rest', { on: '/a/{x}' }, { on: '/a/**' }],
    ['a host and any host', { on: 'api.example.test/a' }, { on: '/a' }],
    ['exact host and wildcard', { on: 'api.example.test/a' }, { on: '*.example.test/a' }],
    ['two wildcards', { on: '*.example.test/a' }, { on: '*.eu.example.test/a' }],
    ['disjoint methods', { on: '/a', methods: ['GET'] }, { on: '/a', methods: ['POST'] }],
    ['HEAD next to GET', { on: '/a', methods: ['GET'] }, { on: '/a', methods: ['HEAD'] }],
  ] as [string, RouteSpec, RouteSpec][])('no tie: %s', (_name, first, second) => {
    expect(ties(first, second)).toEqual([]);
    expect(ties(second, first)).toEqual([]);
  });

  test('reports every tie, not only the first', () => {
    expect(ties({ on: '/a' }, { on: '/a' }, { on: '/b' }, { on: '/b' })).toHaveLength(2);
    const three = ties({ on: '/a' }, { on: '/a' }, { on: '/a' });
    expect(new Set(three.flatMap((tie) => [tie.first.index, tie.second.index]))).toEqual(new Set([0, 1, 2]));
  });

  test('reports a route that ties with an already tied one', () => {
    const found = ties(
      { on: '/a', methods: ['GET'] },
      { on: '/a', methods: ['GET', 'POST'] },
      { on: '/a', methods: ['POST'] },
    );
    expect(found.map(({ first, second }) => [first.index, second.index])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  test('the example is a request that both match', () => {
    const specs: RouteSpec[] = [
      { on: '*.example.test/v1/{x}/**', methods: ['PUT', 'POST'] },
      { on: '*.example.test/v1/{y}/**', methods: ['GET', 'POST'] },
    ];
    const example = ties(...specs)[0]!.example ?? '';
    const [, method, host, path] = /^([A-Z]+) http:\/\/([^/]+)(\/\S*)$/.exec(example)!;
    expect(method).toBe('POST');
    expect(host).toMatch(/^[^.*]+\.example\.test$/);
    expect(path).toMatch(/^\/v1\/[^/]+/);
    expect(view(`${method} ${path}`, [], host).target).not.toMatch(/[{}*]/);
  });
});

test('the table keeps file order', () => {
  const table = makeTable([{ on: '/b' }, { on: '/a' }, { on: '/**' }]);
  expect(table.routes.map((route) => [route.id, route.index])).toEqual([
    ['/b', 0],
    ['/a', 1],
    ['/**', 2],
  ]);
});
