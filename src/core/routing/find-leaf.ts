/** Descends the tree of routes to the routes of the most specific pattern that a host and a path fit. */

import { foldCase } from '../url/path-reading.ts';
import type { Leaf, PathNode, RouteTrees } from './compile-routes.ts';

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
 * Segments as patterns are compared with them: decoded, so that a rule for `/a@b` also covers `/a%40b`. The escapes of a
 * canonical path are valid UTF-8. A trailing slash adds no segment.
 */
export function segmentsOf(path: string): readonly string[] {
  const parts = path.slice(1).split('/');
  if (parts.at(-1) === '') parts.pop();
  return path.includes('%') ? parts.map(decodeURIComponent) : parts;
}

/**
 * Depth first, most specific branch first. A node is visited at most once for a path, as its depth is the number of
 * the segment, so the work is bounded by the tree. An empty segment is matched by `**` alone. A literal in the case of the
 * request also holds all routes below it that ignore case (`insert-routes.ts`), so there is at most one literal branch.
 */
function descend(node: PathNode, segments: readonly string[], depth: number): Leaf | null {
  const segment = segments[depth];
  if (segment === undefined) return node.leaf ?? node.rest;
  const literal = node.literals.get(segment) ?? node.folded?.get(foldCase(segment));
  if (literal !== undefined) {
    const leaf = descend(literal, segments, depth + 1);
    if (leaf !== null) return leaf;
  }
  if (node.param !== null && segment !== '') {
    const leaf = descend(node.param, segments, depth + 1);
    if (leaf !== null) return leaf;
  }
  return node.rest;
}
