/**
 * The table of routes, and how a request reads it: down the tree of hosts and path segments to the routes of the most specific fitting
 * pattern, then to the route for the method, and to its rule.
 */
import type { AccessRule, RouteAccess } from '../policy/access.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { type Taker, takes } from '../url/param-form.ts';
import { foldCase } from '../url/path-reading.ts';
import type { Route } from './route.ts';

export interface RouteTable extends RouteTrees {
  /** In the order of the file; `routes[i].index === i`. */
  readonly routes: readonly Route[];
  /** Whether a route reads `%2F` as "/". */
  readonly decodesSlashes: boolean;
  /** Whether every service may ignore letter case. */
  readonly anyCase: boolean;
  /** All routes with letter case ignored, and the upstreams that ignore it; null if none does. */
  readonly folded: (RouteTrees & { readonly upstreams: ReadonlySet<string> }) | null;
}

/** Routes by the entry of the file that they come from, in its order: one for each of its patterns. */
export function entriesOf(routes: readonly Route[]): readonly RouteEntry[] {
  // A group has at least one member, but its type does not state this.
  return [...Map.groupBy(routes, ({ id }) => id).values()] as unknown as readonly RouteEntry[];
}

/** Equal except for what depends on the pattern. */
export type RouteEntry = readonly [Route, ...Route[]];

export interface RouteTrees {
  readonly exactHosts: ReadonlyMap<string, PathNode>;
  /** Longest suffix first; a suffix starts with ".". */
  readonly wildcardHosts: readonly { readonly suffix: string; readonly root: PathNode }[];
  readonly anyHost: PathNode;
}

export interface PathNode {
  readonly literals: Map<string, PathNode>;
  /** By folded text, for routes that ignore letter case; null: none. */
  folded: Map<string, PathNode> | null;
  /** Parameters with a shape or literal text around them, most specific first; null: none. */
  formed: FormedBranch[] | null;
  param: PathNode | null;
  /** For a path that ends here. */
  leaf: Leaf | null;
  /** For `**`, whose rest may be empty. */
  rest: Leaf | null;
}

export interface FormedBranch extends Taker {
  readonly node: PathNode;
}

/** The routes of one pattern. */
export interface Leaf {
  readonly routes: Route[];
  /** The only route of the pattern, for every method; null: routes share it by method. */
  alone: Route | null;
  readonly byMethod: Map<string, Route>;
}

export interface RouteMatch {
  readonly route: Route;
  readonly rule: AccessRule;
  /** The request as the service of the route reads it. */
  readonly request: CanonicalRequest;
}

export interface MethodRefusal {
  /** The first route of the pattern, for the log. */
  readonly route: Route;
  /** Value of `Allow` (RFC 9110 section 10.2.1). */
  readonly allow: string;
}

export function findLeaf(trees: RouteTrees, host: string, path: string): Leaf | null {
  const segments = segmentsOf(path);
  const exact = trees.exactHosts.get(host);
  if (exact !== undefined) {
    const leaf = descend(exact, segments, 0);
    if (leaf !== null) return leaf;
  }
  for (const { suffix, root } of trees.wildcardHosts) {
    if (host.length <= suffix.length || !host.endsWith(suffix)) continue;
    const leaf = descend(root, segments, 0);
    if (leaf !== null) return leaf;
  }
  return descend(trees.anyHost, segments, 0);
}

/**
 * Segments for comparison with patterns: decoded, so that a rule for `/a@b` also covers `/a%40b`. The escapes of a canonical path are valid
 * UTF-8. A trailing slash adds no segment.
 */
export function segmentsOf(path: string): readonly string[] {
  const parts = path.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  return path.includes('%') ? parts.map(decodeURIComponent) : parts;
}

/**
 * Depth first, most specific branch first. A node is visited at most once for a path, as its depth is the number of the segment, so the
 * work is bounded by the tree. Only `**` matches an empty segment. A literal in the case of the request also contains all case-insensitive
 * routes below it (`insert-routes.ts`), so there is at most one literal branch.
 */
function descend(node: PathNode, segments: readonly string[], depth: number): Leaf | null {
  const segment = segments[depth];
  if (segment === undefined) return node.leaf ?? node.rest;
  const literal = node.literals.get(segment) ?? node.folded?.get(foldCase(segment));
  if (literal !== undefined) {
    const leaf = descend(literal, segments, depth + 1);
    if (leaf !== null) return leaf;
  }
  if (node.formed !== null) {
    for (const branch of node.formed) {
      const leaf = takes(branch, segment) ? descend(branch.node, segments, depth + 1) : null;
      if (leaf !== null) return leaf;
    }
  }
  if (node.param !== null && segment !== '') {
    const leaf = descend(node.param, segments, depth + 1);
    if (leaf !== null) return leaf;
  }
  return node.rest;
}

/** The route for the method, or null. */
export function routeFor(leaf: Leaf, method: string): Route | null {
  return leaf.alone ?? leaf.byMethod.get(method) ?? null;
}

/** Null: the method is not allowed. HEAD is GET without the content (RFC 9110 section 9.3.2), unless it has its own rule. */
export function ruleFor({ every, byMethod }: RouteAccess, method: string): AccessRule | null {
  if (byMethod.size === 0) return every;
  const rule = byMethod.get(method) ?? (method === 'HEAD' ? byMethod.get('GET') : undefined);
  return rule ?? every;
}

/** Maximum age of a verdict for the method in milliseconds; `Infinity`: any within its lifetime. */
export function maxAgeFor({ maxAgeMs, maxAgeMsByMethod: ages }: Route, method: string): number {
  const own = ages === null ? undefined : (ages.get(method) ?? (method === 'HEAD' ? ages.get('GET') : undefined));
  return own ?? maxAgeMs ?? Infinity;
}

/** HEAD follows GET, so its own rule applies wherever GET is matched. */
export function claims(route: Route, method: string): boolean {
  const { methods } = route;
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}

/** For a method without a route in the pattern. */
export function refusalOf({ routes, alone, byMethod }: Leaf): MethodRefusal {
  return { route: routes[0]!, allow: alone?.access.allow ?? [...byMethod.keys()].sort().join(', ') };
}
