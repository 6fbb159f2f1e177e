/**
 * The tree with its short cuts (tables of literals, rests that are compared at once, rules of GET and POST by name) against
 * a walk through all routes: large tables whose routes share heads and rests, literals that are written with escapes,
 * beyond ASCII, or like members of an object, and routes that ignore letter case.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRoutes } from '../../../src/core/routing/compile-routes.ts';
import { matchRoute } from '../../../src/core/routing/match-route.ts';
import { findLeaf, type RouteTable } from '../../../src/core/routing/route-table.ts';
import { canonicalPath } from '../../../src/core/url/canonical-path.ts';
import { makeRoute, type RouteSpec } from './make-policy.ts';

interface Written {
  readonly host: string | null;
  readonly segments: readonly string[];
  readonly methods: readonly string[] | null;
  /** Methods of the rule; null: every one. */
  readonly ruled: readonly string[] | null;
  readonly caseSensitive: boolean;
}

/** As patterns and requests spell them; in groups of what is nearly the same. */
const words = [
  ...['a', 'A', 'aa', 'ab', 'b', 'ba', 'B', '%61', 'a%2Cb', 'a,b', 'a%25b', 'a%40b', 'a@b', 'a%5Bb', 'a%7Bb%7D'],
  ...['%C3%A9', '%C3%89', '%C5%BF', 's', 'S', 'k', '%E2%84%AA', '%F0%9F%98%80', '%C4%B0', 'i', 'I'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0', '1', '-0', 'null'],
  ...['costarring', 'liquid', 'altarage', 'zinke', 'index.html', '...', 'a.', '~', "'", '!', '$', '+', '='],
];
const word = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words) },
  fc.nat(200).map((number) => `n${number}`),
);
const hosts = ['x.test', 'y.x.test', '*.x.test', '*.y.x.test', '*.test', 'xx.test'];
const methods = ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE'];

const segment = fc.oneof({ weight: 4, arbitrary: word }, fc.constant('{}'));
const segments = fc.array(segment, { maxLength: 4 });
const middles = fc.array(segment, { minLength: 1, maxLength: 2 });

/** Below a few heads and ending in a few rests, as the routes of services are. */
const patterns = fc
  .record({
    heads: fc.array(segments, { minLength: 1, maxLength: 3 }),
    rests: fc.array(segments, { minLength: 1, maxLength: 3 }),
  })
  .chain(({ heads, rests }) =>
    fc.array(
      fc.record({
        host: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constantFrom(...hosts)),
        segments: fc
          .tuple(
            fc.constantFrom([], ...heads),
            fc.oneof(fc.constant([]), middles),
            fc.constantFrom([], ...rests),
            fc.constantFrom([], [], ['**']),
          )
          .map((parts) => parts.flat().map((text, at) => (text === '{}' ? `{p${at}}` : text))),
      }),
      { minLength: 1, maxLength: 24, size: 'max' },
    ),
  );

/** Several routes of a pattern have different methods, where they are no tie. */
const routeSet = fc.tuple(patterns, fc.constantFrom(10, 10, 5, 0)).chain(([drawn, sensitiveOfTen]) =>
  fc.array(
    fc
      .record({
        pattern: fc.constantFrom(...drawn),
        methods: fc.oneof(fc.constant(null), fc.subarray(methods, { minLength: 1, maxLength: 2 })),
        ruled: fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, fc.subarray(methods, { minLength: 1 })),
        caseSensitive: fc.nat(9).map((at) => at < sensitiveOfTen),
      })
      .map(({ pattern, ...rest }) => ({ ...pattern, ...rest })),
    { minLength: 1, maxLength: 40, size: 'max' },
  ),
);

/** What of a request is taken from which route, and what is changed of it. */
const asked = fc.record({
  like: fc.nat(),
  method: fc.constantFrom(...methods, 'PUT', 'get', '__proto__'),
  host: fc.constantFrom('', 'x.test', 'y.x.test', 'z.y.x.test', 'other.test', 'test', 'xx.test', '__proto__'),
  fill: fc.array(word, { minLength: 12, maxLength: 12 }),
  changed: fc.option(fc.nat(11)),
  cut: fc.option(fc.nat(11)),
  slash: fc.boolean(),
  empty: fc.option(fc.nat(11), { freq: 6 }),
});
type Asked = typeof asked extends fc.Arbitrary<infer T> ? T : never;

test('a leaf is that of the most specific pattern, and a method leads to the route that has it', {
  timeout: 60_000,
}, () => {
  let found = 0;
  fc.assert(
    fc.property(routeSet, fc.array(asked, { minLength: 5, maxLength: 30 }), (drawn, requests) => {
      const { table, routes } = withoutTies(drawn);
      for (const request of requests) {
        const path = pathOf(routes[request.like % routes.length]!, request);
        const { host, method } = request;
        const best = mostSpecific(routes, host, path);
        const leaf = findLeaf(table, host, path);
        // An `expect` for each of the many would be most of the time.
        const at = indices(leaf?.routes ?? []);
        if (String(at) !== String(best)) expect.fail(`${host} ${path} leads to ${at} and not to ${best}`);
        if (best.length > 0) found += 1;
        if (table.folded !== null || path.includes('//')) continue;
        const match = matchRoute(table, {
          host,
          method,
          path,
          authority: host,
          unmerged: null,
          query: '',
          ambiguities: 0,
        });
        const expected = ruleOf(routes, best, method);
        const met = typeof match === 'string' ? 404 : 'allow' in match ? 405 : match.route.index;
        if (met !== expected) expect.fail(`${method} ${host} ${path} comes to ${met} and not to ${expected}`);
      }
    }),
    { numRuns: 3_000 },
  );
  // Else nothing was compared.
  expect(found).toBeGreaterThan(5_000);
});

function specOf({ host, segments: parts, methods: only, ruled, caseSensitive }: Written): RouteSpec {
  return {
    on: `${host ?? ''}/${parts.join('/')}`,
    ...(only === null ? {} : { methods: only }),
    ...(ruled === null ? {} : { access: Object.fromEntries(ruled.map((method) => [method, 'public' as const])) }),
    ...(caseSensitive ? {} : { reading: { caseSensitive } }),
  };
}

function withoutTies(drawn: readonly Written[]): { table: RouteTable; routes: readonly Written[] } {
  for (let routes = drawn; ; ) {
    const table = compileRoutes(routes.map((route, index) => makeRoute(specOf(route), index)));
    if (!('ties' in table)) return { table, routes };
    const tied = new Set(table.ties.map(({ second }) => second.index));
    routes = routes.filter((_, index) => !tied.has(index));
  }
}

/** A canonical path, with empty segments where `empty` says: those are looked up where slashes are not merged. */
function pathOf(like: Written, { fill, changed, cut, slash, empty }: Asked) {
  const texts = like.segments.flatMap((text, at) => {
    if (text === '**') return fill.slice(0, at % 3);
    return [text.startsWith('{') || at === changed ? fill[at]! : text];
  });
  if (cut !== null) texts.splice(cut);
  const read = canonicalPath(`/${texts.join('/')}${slash && texts.length > 0 ? '/' : ''}`);
  if (typeof read === 'string') return expect.fail(read);
  if (empty === null) return read.path;
  const parts = read.path.split('/');
  parts.splice(1 + (empty % parts.length), 0, '');
  return parts.join('/');
}

/** Where several are equally specific, all of them. */
function mostSpecific(routes: readonly Written[], host: string, path: string): number[] {
  const names = path.slice(1).split('/');
  if (names.at(-1) === '') names.pop();
  let best: number[] = [];
  routes.forEach((route, index) => {
    if (!fitsHost(route.host, host) || !fitsPath(route, names)) return;
    const order = best.length === 0 ? 1 : compare(route, routes[best[0]!]!);
    if (order > 0) best = [index];
    else if (order === 0) best.push(index);
  });
  return best;
}

function fitsHost(pattern: string | null, host: string): boolean {
  if (pattern === null) return true;
  return pattern.startsWith('*') ? host.endsWith(pattern.slice(1)) && host.length >= pattern.length : host === pattern;
}

function fitsPath({ segments: parts, caseSensitive }: Written, names: readonly string[]): boolean {
  for (let at = 0; at < parts.length; at += 1) {
    const part = parts[at]!;
    if (part === '**') return true;
    const name = names[at];
    if (name === undefined || name === '') return false;
    if (part.startsWith('{')) continue;
    const [one, other] = [part, name].map((text) => decodeURIComponent(text)) as [string, string];
    if (caseSensitive ? one !== other : fold(one) !== fold(other)) return false;
  }
  return names.length === parts.length;
}

/** As Unicode does, without the dot that a capital dotted I leaves behind. */
function fold(text: string): string {
  return [...text].map((char) => char.toUpperCase().toLowerCase().replace('i\u0307', 'i')).join('');
}

/** Above 0: `a` is more specific. */
function compare(a: Written, b: Written): number {
  const hostRank = ({ host }: Written) => (host === null ? 0 : host.startsWith('*') ? host.length : 1_000);
  if (hostRank(a) !== hostRank(b)) return hostRank(a) - hostRank(b);
  // The end of a pattern says more than "**", which may take nothing.
  const ranks = ({ segments: parts }: Written) =>
    parts.map((part) => (part === '**' ? 0 : part.startsWith('{') ? 2 : 3));
  const [as, bs] = [ranks(a), ranks(b)];
  for (let at = 0; at < Math.max(as.length, bs.length); at += 1) {
    const order = (as[at] ?? 1) - (bs[at] ?? 1);
    if (order !== 0) return order;
  }
  return 0;
}

/** 404, 405, or the index of the route: HEAD is GET unless something is said of it (RFC 9110 section 9.3.2). */
function ruleOf(routes: readonly Written[], best: readonly number[], method: string): number {
  if (best.length === 0) return 404;
  const rules = (index: number, wanted: string) => {
    const { methods: only, ruled } = routes[index]!;
    const claims = only === null || only.includes(wanted) || (wanted === 'HEAD' && only.includes('GET'));
    return claims && (ruled?.includes(wanted) ?? (only === null || only.includes(wanted)));
  };
  for (const wanted of method === 'HEAD' ? ['HEAD', 'GET'] : [method]) {
    const named = best.find(
      (index) => rules(index, wanted) && (routes[index]!.methods ?? routes[index]!.ruled) !== null,
    );
    const any = named ?? best.find((index) => rules(index, wanted));
    if (any !== undefined) return any;
  }
  return 405;
}

function indices(routes: readonly { readonly index: number }[]): number[] {
  return [...new Set(routes.map(({ index }) => index))].sort((a, b) => a - b);
}
