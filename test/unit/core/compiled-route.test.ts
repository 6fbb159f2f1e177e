/** Routes as requests find them: what they have in common, and which of them are the end of a path themselves. */
import { describe, expect, test } from 'vitest';
import { compileRoutes, routeFor } from '../../../src/core/routing/compile-routes.ts';
import { findLeaf } from '../../../src/core/routing/find-leaf.ts';
import type { RouteTraits } from '../../../src/core/routing/route.ts';
import { makeRoute, makeTable } from './make-policy.ts';

const first = makeRoute({ on: '/a/{x}', id: 'first', access: ['user'] });

describe('traits', () => {
  const tableOf = (...others: Partial<typeof first>[]) => {
    const routes = others.map((part, index) => ({ ...makeRoute({ on: `/b${index}/{x}` }, index + 1), ...part }));
    const table = compileRoutes([first, ...routes]);
    if ('ties' in table) return expect.fail('ties');
    return table.routes;
  };

  test('are one object where routes agree in all of them, and say what the route says', () => {
    const { access, upstream, maxBodyBytes } = first;
    const [one, same, other] = tableOf({ access }, { access, timeoutMs: 7 });
    expect(same!.traits).toBe(one!.traits);
    expect(other!.traits).not.toBe(one!.traits);
    expect(one!.traits).toMatchObject({ access, upstream, maxBodyBytes, timeoutMs: first.timeoutMs });
    expect(other!.traits).toMatchObject({ access, timeoutMs: 7 });
  });

  /** The compiler sees to it that none is left out. */
  const others = {
    access: makeRoute({ on: '/', access: ['user'] }).access,
    reading: { decodesSlash: true, mergesSlashes: true, literals: null },
    maxAgeMs: 0,
    conditions: [],
    maxBodyBytes: 1,
    rewrite: { stripPrefix: '', addPrefix: '/x' },
    forwardCredentials: true,
    upstream: '0',
    timeoutMs: 0,
    evict: [],
    cors: {},
    answers: {},
  } satisfies Record<keyof RouteTraits, unknown>;

  test.each(Object.entries(others))('%s is one of them', (trait, value) => {
    const { access } = first;
    const [one, other] = tableOf({ access, [trait]: value });
    expect(other!.traits).not.toBe(one!.traits);
    expect(other!.traits).toHaveProperty(trait, value);
  });

  test('of another table are other objects', () => {
    expect(tableOf()[0]!.traits).not.toBe(tableOf()[0]!.traits);
  });
});

test('a route that has its pattern to itself is the end of its path', () => {
  const table = makeTable([
    { on: '/alone/{x}' },
    { on: '/shared', methods: ['GET'] },
    { on: '/shared', methods: ['PUT'] },
    { on: '/rest/**' },
    { on: '/Case', reading: { caseSensitive: false } },
  ]);
  const [alone, get, put, rest] = table.routes;
  expect(findLeaf(table, 'any.test', '/alone/7')).toBe(alone);
  // With an escape it is found in another way.
  expect(findLeaf(table, 'any.test', '/alone/%40')).toBe(alone);
  expect(findLeaf(table, 'any.test', '/rest/a/b')).toBe(rest);
  const shared = findLeaf(table, 'any.test', '/shared')!;
  expect([routeFor(shared, 'GET'), routeFor(shared, 'PUT'), routeFor(shared, 'POST')]).toEqual([get, put, null]);
  expect(findLeaf(table, 'any.test', '/case')).not.toBe(table.routes[4]);
});

test('routes that tie leave nothing behind for the next table', () => {
  const tied = compileRoutes([makeRoute({ on: '/a' }), makeRoute({ on: '/a', methods: ['GET'] }, 1)]);
  expect(tied).toHaveProperty('ties');
  const [route] = makeTable([{ on: '/a' }]).routes;
  expect(route).toMatchObject({ alone: route, routes: [route] });
  expect(route!.byMethod.size).toBe(0);
});
