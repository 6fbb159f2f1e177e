/**
 * Builds the table that requests are matched with. The most specific route wins, regardless of the order in the file: exact host over
 * longest wildcard host over none; then, segment by segment from the left, literal over parameter with literal text over parameter with a
 * shape over parameter over `**`. Two routes that some request matches equally are a tie, and a tie is an error.
 */
import { commonPath, sampleText } from '../url/common-path.ts';
import { TooManyFormsError } from '../url/form-texts.ts';
import { ignoresCase, mayIgnoreCase } from '../url/path-reading.ts';
import { insertRoutes } from './insert-routes.ts';
import { isContested, isInLowerCase } from './letter-case.ts';
import { overlappingRoutes } from './overlapping-routes.ts';
import type { Route } from './route.ts';
import { claims, type FoldedTrees, type Leaf, type RouteTable } from './route-table.ts';

export interface Tie {
  readonly first: Route;
  readonly second: Route;
  /**
   * A request that both match: method and URL, without a method if they have none in common. Null: their parameters have too many forms to
   * find one.
   */
  readonly example: string | null;
}

/** Maximum number of reported ties; n copies of a route have n^2 of them. */
const maxTies = 1000;

/** Returns the table, or every tie, up to a thousand. */
export function compileRoutes(routes: readonly Route[]): RouteTable | { readonly ties: readonly Tie[] } {
  const ties: Tie[] = [];
  const compared = new Set<string>();
  /** Whether the pair is new: the same two routes may meet at several nodes. */
  const isNew = (first: Route, second: Route): boolean => {
    const before = compared.size;
    return compared.add(`${first.index} ${second.index}`).size > before;
  };
  const leaves: [Leaf, Route][] = [];
  const trees = insertRoutes(routes, hasAnyCase, (leaf, route) => {
    leaves.push([leaf, route]);
    for (const rival of leaf.routes) {
      const method = methodInBoth(rival, route);
      if (method === null || ties.length >= maxTies) continue;
      const [first, second] = rival.index < route.index ? [rival, route] : [route, rival];
      if (isNew(first, second)) ties.push({ first, second, example: exampleOf(second, method) });
    }
    // Tied routes too: a later one may tie only with them.
    leaf.routes.push(route);
    if (ties.length === 0) claimMethods(leaf, route);
  });
  for (const [a, b] of overlappingRoutes(trees)) {
    if (ties.length >= maxTies) break;
    const [first, second] = a.index < b.index ? [a, b] : [b, a];
    const tie = isNew(first, second) ? tieOf(first, second) : null;
    if (tie !== null) ties.push(tie);
  }
  if (ties.length > 0) return { ties };
  return { routes, ...trees, decodesSlashes: routes.some(decodesSlash), folded: foldedTrees(routes, leaves) };
}

/** Null: no path fits both. */
function tieOf(first: Route, second: Route): Tie | null {
  try {
    const path = commonPath(casedSegments(first), casedSegments(second));
    if (path === null) return null;
    const method = methodInBoth(first, second);
    const url = urlOf(second.pattern.host, path);
    return { first, second, example: method === null ? url : `${method} ${url}` };
  } catch (error) {
    if (!(error instanceof TooManyFormsError)) throw error;
    return { first, second, example: null };
  }
}

/** `leaves`: of the trees that requests are matched with, by the routes for which they were made. */
function foldedTrees(routes: readonly Route[], leaves: readonly (readonly [Leaf, Route])[]): FoldedTrees | null {
  if (!routes.some(({ reading }) => mayIgnoreCase(reading))) return null;
  const trees = insertRoutes(
    routes,
    () => true,
    (leaf, route) => leaf.routes.push(route),
  );
  for (const [leaf, route] of leaves) leaf.contested ||= isContested(trees, route, leaf);
  return { ...trees, lowerCase: routes.every(isInLowerCase) };
}

function casedSegments({ pattern, reading }: Route): { segments: Route['pattern']['segments']; anyCase: boolean } {
  return { segments: pattern.segments, anyCase: ignoresCase(reading) };
}

function hasAnyCase({ reading }: Route): boolean {
  return ignoresCase(reading);
}

function decodesSlash({ reading }: Route): boolean {
  return reading?.decodesSlash === true;
}

function claimMethods(leaf: Leaf, route: Route): void {
  const { methods, access } = route;
  if (methods === null) {
    leaf.alone = route;
    return;
  }
  for (const method of access.every === null ? access.byMethod.keys() : methods) {
    if (claims(route, method)) leaf.byMethod.set(method, route);
  }
  // RFC 9110 section 9.3.2: HEAD is GET without the content, so it follows GET unless a route lists it.
  const get = leaf.byMethod.get('GET');
  if (get !== undefined && !leaf.byMethod.has('HEAD')) leaf.byMethod.set('HEAD', get);
}

/** A method that both routes claim, or null. A route without `methods` claims every one. */
function methodInBoth(a: Route, b: Route): string | null {
  if (a.methods === null && b.methods === null) return sampleMethod(b);
  const narrow = a.methods === null ? b : a;
  const other = narrow === a ? b : a;
  return claimed(narrow).find((method) => other.methods === null || claimed(other).includes(method)) ?? null;
}

/** The methods that a route lists, and HEAD if it has a rule for it. */
function claimed(route: Route): readonly string[] {
  const methods = route.methods ?? [];
  const head = methods.includes('GET') && !methods.includes('HEAD') && route.access.byMethod.has('HEAD');
  return head ? [...methods, 'HEAD'] : methods;
}

function sampleMethod(route: Route): string {
  const [first] = route.access.byMethod.keys();
  return first ?? 'GET';
}

/** A request that a pattern matches: method and URL. */
export function exampleOf({ pattern: { host, segments } }: Pick<Route, 'pattern'>, method: string): string {
  const path = segments.map((segment) => sampleText(segment) ?? 'anything');
  return `${method} ${urlOf(host, path)}`;
}

function urlOf(host: string | null, path: readonly string[]): string {
  const name = host === null ? 'any.example' : host.startsWith('*.') ? `any${host.slice(1)}` : host;
  return `http://${name}/${path.map(encodeURIComponent).join('/')}`;
}
