/** The table of routes: a tree of hosts and path segments, with the routes of each pattern at its leaves. */
import type { AccessRule } from '../policy/access.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import type { Taker } from '../url/param-form.ts';
import type { Route } from './route.ts';

export interface RouteTable extends RouteTrees {
  /** In the order of the file; `routes[i].index === i`. */
  readonly routes: readonly Route[];
  /** Whether a route reads `%2F` as "/". */
  readonly decodesSlashes: boolean;
  /** All routes with letter case ignored; null: all services distinguish it. */
  readonly folded: FoldedTrees | null;
}

export interface FoldedTrees extends RouteTrees {
  /** Whether all patterns are in lower case, so that a path in lower case fits the same routes with and without letter case. */
  readonly lowerCase: boolean;
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
  /** Whether another route may claim some of its paths in another letter case. */
  contested: boolean;
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

/** HEAD follows GET, so its own rule applies wherever GET is matched. */
export function claims(route: Route, method: string): boolean {
  const { methods } = route;
  return methods === null || methods.includes(method) || (method === 'HEAD' && methods.includes('GET'));
}
