/**
 * Every route that fits a host and a path, not only the most specific: for explanations, comparisons, and services that ignore letter case.
 */

import { takes } from '../url/param-form.ts';
import { foldCase } from '../url/path-reading.ts';
import { segmentsOf } from './find-route.ts';
import type { Route } from './route.ts';
import type { Leaf, PathNode, RouteTrees } from './route-table.ts';

/** In the order of the file, with any methods. */
export function fittingRoutes(table: RouteTrees, host: string, path: string): readonly Route[] {
  const result = new Set<Route>();
  someFittingLeaf(table, host, path, ({ routes }) => {
    for (const route of routes) result.add(route);
    return false;
  });
  return [...result].sort((a, b) => a.index - b.index);
}

/** Whether the test is true of a leaf that fits. Several leaves may have the same route. */
export function someFittingLeaf(
  { exactHosts, wildcardHosts, anyHost }: RouteTrees,
  host: string,
  path: string,
  test: (leaf: Leaf) => boolean,
): boolean {
  const segments = segmentsOf(path);
  const exact = exactHosts.get(host);
  if (exact !== undefined && someLeafBelow(exact, segments, 0, test)) return true;
  for (const { suffix, root } of wildcardHosts) {
    if (host.length > suffix.length && host.endsWith(suffix) && someLeafBelow(root, segments, 0, test)) return true;
  }
  return someLeafBelow(anyHost, segments, 0, test);
}

function someLeafBelow(
  node: PathNode,
  segments: readonly string[],
  depth: number,
  test: (leaf: Leaf) => boolean,
): boolean {
  if (node.rest !== null && test(node.rest)) return true;
  const segment = segments[depth];
  if (segment === undefined) return node.leaf !== null && test(node.leaf);
  const below = (child: PathNode | undefined) => child !== undefined && someLeafBelow(child, segments, depth + 1, test);
  if (below(node.literals.get(segment)) || below(node.folded?.get(foldCase(segment)))) return true;
  if (node.formed?.some((branch) => takes(branch, segment) && below(branch.node)) === true) return true;
  return node.param !== null && segment !== '' && below(node.param);
}
