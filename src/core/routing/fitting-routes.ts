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
  const found = new Set<Route>();
  const take = (leaf: Leaf | null) => {
    for (const route of leaf?.routes ?? []) found.add(route);
  };
  const segments = segmentsOf(path);
  const visit = (node: PathNode, index: number): void => {
    take(node.rest);
    const segment = segments[index];
    if (segment === undefined) {
      take(node.leaf);
      return;
    }
    const literal = node.literals.get(segment);
    if (literal !== undefined) visit(literal, index + 1);
    const folded = node.folded?.get(foldCase(segment));
    if (folded !== undefined) visit(folded, index + 1);
    for (const branch of node.formed ?? []) if (takes(branch, segment)) visit(branch.node, index + 1);
    if (node.param !== null && segment !== '') visit(node.param, index + 1);
  };
  const exact = table.exactHosts.get(host);
  if (exact !== undefined) visit(exact, 0);
  for (const { suffix, root } of table.wildcardHosts) {
    if (host.length > suffix.length && host.endsWith(suffix)) visit(root, 0);
  }
  visit(table.anyHost, 0);
  return [...found].sort((a, b) => a.index - b.index);
}
