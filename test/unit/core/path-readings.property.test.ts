/**
 * Whatever spelling a route allows, its service reads the path as one of the same route: for services that ignore
 * letter case, decode `%2F`, strip path parameters or decode twice, and for every mix of routes that declare this.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide } from '../../../src/core/decide.ts';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { canonicalPath } from '../../../src/core/url/canonical-path.ts';
import { isMoreSpecific } from '../../../src/core/url/path-pattern.ts';
import { plainSources } from '../../support/credential-sources.ts';
import { makeRoute, type RouteSpec, view } from './make-policy.ts';
import { type PlainRoute, referenceMatch, referenceTies } from './reference-matcher.ts';

const literal = fc.constantFrom('a', 'A', 'b', 'Ab');
const segments = fc
  .tuple(fc.array(fc.oneof({ weight: 3, arbitrary: literal }, fc.constant('{}')), { maxLength: 3 }), fc.boolean())
  .map(([fixed, open]) => [...fixed.map((text, i) => (text === '{}' ? `{p${i}}` : text)), ...(open ? ['**'] : [])]);

const wayOf = (...cases: readonly (boolean | null)[]) =>
  fc.record({
    segments,
    decodes: fc.boolean(),
    caseSensitive: fc.constantFrom(...cases),
    mergeSlashes: fc.boolean(),
    keeps: fc.constantFrom(0, 2, 4, 6),
  });
type Way = ReturnType<typeof wayOf> extends fc.Arbitrary<infer T> ? T : never;
/** All services may ignore letter case, or all distinguish it. */
const ways = fc.oneof(
  { weight: 3, arbitrary: fc.array(wayOf(null, false), { minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.array(wayOf(true), { minLength: 1, maxLength: 6 }) },
);

const pieces = ['/', '/', '//', 'a', 'A', 'b', 'Ab', '%61', '%41', '%2F', '%2f', '..', '.', ';', ';x', '%3B', '%252F'];
const path = fc
  .array(fc.constantFrom(...pieces, '%2561', '%25252F', '%253b', '%252e', 'c'), { maxLength: 9 })
  .map((parts) => `/${parts.join('')}`);

function specOf(one: Way): RouteSpec {
  const { decodes, caseSensitive, mergeSlashes, keeps } = one;
  const encodedSlash = decodes ? ('decode' as const) : ('reject' as const);
  return { on: `/${one.segments.join('/')}`, tolerates: keeps, reading: { encodedSlash, caseSensitive, mergeSlashes } };
}

/** What services do to a path before routing it. */
const habits: Readonly<Record<string, (path: string) => string>> = {
  decodes: (text) => text.replaceAll('%2F', '/'),
  cuts: (text) => text.replace(/(;|%3B)[^/]*/gi, ''),
  'decodes twice': (text) => text.replace(/%25(?=[0-9A-Fa-f]{2})/g, '%'),
};

/** Resolved and merged, as a service compares it; null: the service refuses the path. */
function readBy(habit: readonly string[], forwarded: string): string | null {
  let text = forwarded;
  for (const name of habit) text = habits[name]!(text);
  const read = canonicalPath(text);
  return typeof read === 'string' ? null : read.path;
}

const orders = [
  ...[[], ['decodes'], ['cuts'], ['decodes twice'], ['cuts', 'decodes'], ['decodes', 'cuts']],
  ...[
    ['decodes twice', 'cuts'],
    ['decodes twice', 'decodes'],
    ['decodes twice', 'cuts', 'decodes'],
  ],
];

/** A counterexample of the past: a service that merges slashes and ignores case read the path as another route's. */
const anyCase: Way = { segments: ['**'], decodes: false, caseSensitive: false, mergeSlashes: false, keeps: 0 };
const unset: Way = { ...anyCase, segments: ['{p0}', 'a'], caseSensitive: null };

/** Another: a pattern that ends is more specific than `**`, in any case. */
const alone: Way = { ...unset, segments: ['a'] };
const below: Way = { ...unset, segments: ['A', '**'] };

test("no spelling of a path reaches its service under another route's rule", () => {
  let allowed = 0;
  fc.assert(
    fc.property(ways, fc.array(path, { maxLength: 12 }), (entries, paths) => {
      const routes = entries.map((one, i) => makeRoute(specOf(one), i));
      const table = compileRoutes(routes);
      if ('ties' in table) return;
      const ignoresCase = entries.some(({ caseSensitive }) => caseSensitive !== true);
      const fold = (text: string) => (ignoresCase ? text.toLowerCase() : text);
      const plain = entries.map((one): PlainRoute => ({ host: null, methods: null, segments: one.segments.map(fold) }));
      // Two routes that differ only in case both lose what the service cannot distinguish.
      const tied = new Set(referenceTies(plain).flat());
      for (const target of paths) {
        const decision = decide(
          view(`GET ${target}`),
          { routes: table, credentials: plainSources, roleMapping: null },
          () => expect.fail('the resolver was called'),
        );
        if (decision instanceof Promise || decision.outcome !== 'allow') continue;
        allowed += 1;
        const { route, request } = decision;
        expect(tied.has(route.index)).toBe(false);
        for (const habit of orders) {
          const reading = readBy(habit, request.path);
          // A path that the service refuses reaches no route there; dot segments must never remain for it to find.
          if (reading === null)
            return expect.fail(`${target}: ${habit.join(', ')} finds something that no path may contain`);
          const winner = referenceMatch(
            plain,
            'GET',
            'x',
            fold(decodeURIComponent(reading.replaceAll('%2F', '%252F'))),
          );
          if (typeof winner === 'number') continue;
          // Every route without kept spellings declares that its service decodes; others at most tolerate.
          if (habit.length === 0) expect([target, winner.index]).toEqual([target, route.index]);
          else expect([target, isMoreSpecific(routes[winner.index]!.pattern, route.pattern)]).toEqual([target, false]);
        }
      }
    }),
    {
      numRuns: 6_000,
      examples: [
        [[anyCase, unset], ['/Ab//%41//..']],
        [[alone, below], ['/A']],
      ],
    },
  );
  expect(allowed).toBeGreaterThan(3_000);
});
