/**
 * Builds the tree that requests are matched with. The most specific route wins, whatever the order in the file: exact
 * host over longest wildcard host over none; then, segment by segment from the left, literal over `{param}` over `**`.
 * Two routes that nothing tells apart are a tie, and a tie is an error.
 */
import type { AccessRule } from '../policy/access.ts';
import type { Route } from './route.ts';

export interface RouteTable {
  /** In the order of the file; `routes[i].index === i`. */
  readonly routes: readonly Route[];
  readonly exactHosts: ReadonlyMap<string, PathNode>;
  /** Longest suffix first; a suffix starts with ".". */
  readonly wildcardHosts: readonly { readonly suffix: string; readonly root: PathNode }[];
  readonly anyHost: PathNode;
}

export interface PathNode {
  readonly literals: Map<string, PathNode>;
  param: PathNode | null;
  /** Where a path ends here. */
  leaf: Leaf | null;
  /** Where `**` takes the rest, nothing included. */
  rest: Leaf | null;
}

/** The routes of one pattern, by method. */
export interface Leaf {
  readonly byMethod: Map<string, RouteMatch>;
  every: RouteMatch | null;
  /** What is answered to every other method; null before the first route is added. */
  refusal: MethodRefusal | null;
  readonly routes: Route[];
}

export interface RouteMatch {
  readonly route: Route;
  readonly rule: AccessRule;
}

export interface MethodRefusal {
  /** The first route of the pattern, for the log. */
  readonly route: Route;
  /** Value of `Allow` (RFC 9110 section 10.2.1). */
  readonly allow: string;
}

export interface Tie {
  readonly first: Route;
  readonly second: Route;
  /** A request that both match: method and URL. */
  readonly example: string;
}

/** Ties that are told at once; a file of copies would have a square of them. */
const maxTies = 1000;

/** Returns the table, or every tie, up to a thousand. */
export function compileRoutes(routes: readonly Route[]): RouteTable | { readonly ties: readonly Tie[] } {
  const exactHosts = new Map<string, PathNode>();
  const wildcards = new Map<string, PathNode>();
  const anyHost = node();
  const ties: Tie[] = [];
  for (const route of routes) {
    const { host } = route.pattern;
    const root =
      host === null ? anyHost : host.startsWith('*.') ? rootOf(wildcards, host.slice(1)) : rootOf(exactHosts, host);
    const leaf = leafOf(root, route);
    for (const rival of leaf.routes) {
      const method = methodInBoth(rival, route);
      if (method === null || ties.length >= maxTies) continue;
      ties.push({ first: rival, second: route, example: exampleOf(route, method) });
    }
    // A tied route too: another one may tie with it alone.
    addRoute(leaf, route);
  }
  if (ties.length > 0) return { ties };
  const wildcardHosts = [...wildcards]
    .map(([suffix, root]) => ({ suffix, root }))
    .sort((a, b) => b.suffix.length - a.suffix.length);
  return { routes, exactHosts, wildcardHosts, anyHost };
}

function node(): PathNode {
  return { literals: new Map(), param: null, leaf: null, rest: null };
}

function rootOf(roots: Map<string, PathNode>, host: string): PathNode {
  const root = roots.get(host) ?? node();
  roots.set(host, root);
  return root;
}

function leafOf(root: PathNode, route: Route): Leaf {
  let at = root;
  for (const segment of route.pattern.segments) {
    if (segment.kind === 'rest') {
      at.rest ??= newLeaf();
      return at.rest;
    }
    if (segment.kind === 'param') {
      at.param ??= node();
      at = at.param;
    } else {
      const next = at.literals.get(segment.text) ?? node();
      at.literals.set(segment.text, next);
      at = next;
    }
  }
  at.leaf ??= newLeaf();
  return at.leaf;
}

function newLeaf(): Leaf {
  return { byMethod: new Map(), every: null, refusal: null, routes: [] };
}

function addRoute(leaf: Leaf, route: Route): void {
  leaf.routes.push(route);
  const { every, byMethod } = route.access;
  if (every !== null) {
    const match = { route, rule: every };
    if (route.methods === null) leaf.every = match;
    else for (const method of route.methods) leaf.byMethod.set(method, match);
  } else {
    for (const [method, rule] of byMethod) {
      if (claims(route, method)) leaf.byMethod.set(method, { route, rule });
    }
  }
  // RFC 9110 section 9.3.2: HEAD is GET without the content, so its rule is GET's unless it has one of its own.
  const get = leaf.byMethod.get('GET');
  if (get !== undefined && !leaf.byMethod.has('HEAD')) leaf.byMethod.set('HEAD', get);
  leaf.refusal = { route: leaf.routes[0] ?? route, allow: [...leaf.byMethod.keys()].sort().join(', ') };
}

/** HEAD comes along with GET, so a rule of its own counts wherever GET is matched. */
function claims(route: Route, method: string): boolean {
  const { methods } = route;
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

/** A method that both routes claim, or null. A route without `methods` claims every one. */
function methodInBoth(a: Route, b: Route): string | null {
  if (a.methods === null && b.methods === null) return sampleMethod(b);
  const narrow = a.methods === null ? b : a;
  const other = narrow === a ? b : a;
  return claimed(narrow).find((method) => other.methods === null || claimed(other).includes(method)) ?? null;
}

/** Methods of a route that names them, and HEAD where it has a rule for it. */
function claimed(route: Route): readonly string[] {
  const methods = route.methods ?? [];
  const head = methods.includes('GET') && !methods.includes('HEAD') && route.access.byMethod.has('HEAD');
  return head ? [...methods, 'HEAD'] : methods;
}

function sampleMethod(route: Route): string {
  const [first] = route.access.byMethod.keys();
  return first ?? 'GET';
}

function exampleOf(route: Route, method: string): string {
  const { host, segments } = route.pattern;
  const path = segments.map((segment) => {
    if (segment.kind === 'literal') return encodeURIComponent(segment.text);
    return segment.kind === 'param' ? segment.name : 'anything';
  });
  const name = host === null ? 'any.example' : host.startsWith('*.') ? `any${host.slice(1)}` : host;
  return `${method} http://${name}/${path.join('/')}`;
}
