/**
 * Look-ups in the table of routes: down the tree of hosts and path segments to the routes of the most specific matching pattern, then to
 * the route for the method, and to its rule.
 */
import { takes } from '../url/param-form.ts';
import { foldCase } from '../url/path-reading.ts';
import type { Route } from './route.ts';
import type { Leaf, MethodRefusal, PathNode, RouteTrees } from './route-table.ts';

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

/** Maximum age of a verdict for the method in milliseconds; `Infinity`: any within its lifetime. */
export function maxVerdictAgeFor({ maxVerdictAgeMs, maxVerdictAgeMsByMethod: ages }: Route, method: string): number {
  const own = ages === null ? undefined : (ages.get(method) ?? (method === 'HEAD' ? ages.get('GET') : undefined));
  return own ?? maxVerdictAgeMs ?? Infinity;
}

/** For a method without a route in the pattern. */
export function refusalOf({ routes, alone, byMethod }: Leaf): MethodRefusal {
  return { route: routes[0]!, allow: alone?.access.allow ?? [...byMethod.keys()].sort().join(', ') };
}
