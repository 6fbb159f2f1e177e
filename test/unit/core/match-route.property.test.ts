/** The compiled tree against the naive reference, on random route sets with few words, so routes collide often. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalizeRequest } from '../../../src/core/request/normalize-request.ts';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { matchRoute } from '../../../src/core/routing/match-route.ts';
import { makeRoute, type RouteSpec, view } from './make-policy.ts';
import { type PlainRoute, referenceMatch, referenceTies } from './reference-matcher.ts';

/** Names of object members and escapes are ordinary segments. */
const words = ['a', 'b', 'c', '__proto__', 'constructor', '%C3%A9'];
const hosts = ['x.test', 'y.x.test', 'z.y.x.test', 'other.test'];
const methods = ['GET', 'HEAD', 'POST'];

const forms = ['{p:int}', '{p:slug}', '{p:(a|b)}', '{p:(b|1)}', 'a{p}', '{p}.c', '{p}bc', 'ab{p:slug}', '{p:slug}.c'];
/** Texts of every kind that these patterns distinguish. */
const texts = [...words, 'd', '1', '10', 'ab', 'abc', 'a.c', 'aX.c', 'X', 'X.c', 'abbc', 'abX', 'ab.c', 'abX.c', 'Xbc'];

const segment = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.constantFrom('{p}', '{q}') },
  { weight: 1, arbitrary: fc.constantFrom(...forms) },
);
const segments = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(([fixed, open]) => [...fixed.map((text, i) => text.replace(/\{(.)/, `{$1${i}`)), ...(open ? ['**'] : [])]);
const plainRoute: fc.Arbitrary<PlainRoute> = fc.record({
  host: fc.oneof(fc.constant(null), fc.constantFrom('x.test', 'y.x.test', '*.x.test', '*.y.x.test')),
  segments,
  methods: fc.oneof(fc.constant(null), fc.subarray(methods, { minLength: 1 })),
});
const routeSet = fc.array(plainRoute, { minLength: 1, maxLength: 8 });
const request = fc.record({
  method: fc.constantFrom(...methods, 'PUT'),
  host: fc.constantFrom(...hosts),
  path: fc
    .array(fc.constantFrom(...words, ...texts.slice(words.length)), { maxLength: 4 })
    .map((names) => `/${names.join('/')}`),
});

/** The service distinguishes letter case. */
function specOf(route: PlainRoute): RouteSpec {
  const on = `${route.host ?? ''}/${route.segments.join('/')}`;
  return { on, reading: { caseSensitive: true }, ...(route.methods === null ? {} : { methods: route.methods }) };
}

test('finds ties exactly where the rules cannot order two routes', () => {
  fc.assert(
    fc.property(routeSet, (routes) => {
      const compiled = compileRoutes(routes.map((route, i) => makeRoute(specOf(route), i)));
      const expected = referenceTies(routes, texts);
      const ties = 'ties' in compiled ? compiled.ties : [];
      const told = ties.map((tie) => `${tie.first.index} ${tie.second.index}`);
      const known = expected.map((pair) => pair.join(' '));
      for (const pair of told) expect(known).toContain(pair);
      // Every tied route is named, but not every pair of equal routes.
      expect(new Set(told.join(' ').split(' '))).toEqual(new Set(known.join(' ').split(' ')));
    }),
    { numRuns: 1_500 },
  );
});

test("the compiled match is the reference's most specific route", () => {
  fc.assert(
    fc.property(routeSet, fc.array(request, { minLength: 1, maxLength: 12 }), (routes, requests) => {
      const untied = routes.filter((_, i) => !referenceTies(routes, texts).some((pair) => pair.includes(i)));
      const table = compileRoutes(untied.map((route, i) => makeRoute(specOf(route), i)));
      if ('ties' in table) return expect.fail('a tie that the reference does not see');
      for (const { method, host, path } of requests) {
        const canonical = normalizeRequest(view(`${method} ${path}`, [], host));
        if (typeof canonical === 'string') return expect.fail(canonical);
        const found = matchRoute(table, canonical);
        const expected = referenceMatch(untied, method, host, path);
        if (typeof found === 'string') expect(expected).toBe(404);
        else if ('allow' in found) expect(expected).toBe(405);
        else expect(expected).toEqual({ index: found.route.index });
      }
    }),
    { numRuns: 1_500 },
  );
});

test('a path is refused if and only if another route claims it in another letter case', () => {
  const swapped = (path: string, at: number) => path.slice(0, at) + path.slice(at).toUpperCase();
  let [refused, allowed] = [0, 0];
  fc.assert(
    fc.property(
      routeSet,
      fc.array(fc.tuple(request, fc.nat(8)), { minLength: 1, maxLength: 12 }),
      (routes, requests) => {
        const exact = compileRoutes(routes.map((route, i) => makeRoute(specOf(route), i)));
        const unset = compileRoutes(routes.map((route, i) => makeRoute({ ...specOf(route), reading: {} }, i)));
        if ('ties' in exact || 'ties' in unset) return;
        for (const [{ method, host, path }, at] of requests) {
          const canonical = normalizeRequest(view(`${method} ${swapped(path, at)}`, [], host));
          if (typeof canonical === 'string') continue;
          const found = matchRoute(unset, canonical);
          const plain = matchRoute(exact, canonical);
          if (typeof plain === 'string' || 'allow' in plain) continue;
          // In lower case, every literal of these patterns fits exactly.
          const lower = referenceMatch(
            routes,
            method,
            host,
            canonical.path.toLowerCase().replaceAll('%c3%a9', '%C3%A9'),
          );
          const same = typeof lower === 'object' && lower.index === plain.route.index;
          if (found === 'path_ambiguous') refused += 1;
          else allowed += 1;
          expect([canonical.path, found === 'path_ambiguous']).toEqual([canonical.path, !same]);
        }
      },
    ),
    { numRuns: 1_500 },
  );
  expect(Math.min(refused, allowed)).toBeGreaterThan(5);
});
