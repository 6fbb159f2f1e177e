/** Descends the tree of routes to the routes of the most specific pattern that a host and a path fit. */
import type { PathNode, RouteTrees } from './compile-routes.ts';
import type { Leaf } from './compiled-route.ts';
import { foldCase } from './path-reading.ts';
import { followTail } from './plain-literals.ts';

export function findLeaf(trees: RouteTrees, host: string, path: string): Leaf | null {
  const escaped = path.includes('%');
  const exact = trees.exactHosts.size === 0 ? undefined : trees.exactHosts.get(host);
  if (exact !== undefined) {
    const leaf = descend(exact, path, 1, escaped);
    if (leaf !== null) return leaf;
  }
  for (const { suffix, root } of trees.wildcardHosts) {
    if (host.length <= suffix.length || !host.endsWith(suffix)) continue;
    const leaf = descend(root, path, 1, escaped);
    if (leaf !== null) return leaf;
  }
  return descend(trees.anyHost, path, 1, escaped);
}

/**
 * Depth first, most specific branch first. A node is visited at most once for a path, as its depth is the number of
 * the segment, so the work is bounded by the tree. A trailing slash adds no segment, and an empty one is taken by `**`
 * alone. A literal in the case of the request comes with all that ignores case (`compile-routes.ts`), so that there is
 * never more than one literal branch to try.
 */
function descend(node: PathNode, path: string, start: number, escaped: boolean): Leaf | null {
  if (node.only !== null && !escaped) return followTail(node.only, path, start);
  if (start >= path.length) return node.leaf ?? node.rest;
  const slash = path.indexOf('/', start);
  const end = slash < 0 ? path.length : slash;
  const literal =
    node.table !== null && !escaped ? node.table.find(path, start, end) : findText(node, path, start, end);
  if (literal !== undefined) {
    const leaf = literal.tail === null ? descend(literal, path, end + 1, escaped) : followTail(literal, path, end + 1);
    if (leaf !== null) return leaf;
  }
  if (node.param !== null && end > start) {
    const leaf = descend(node.param, path, end + 1, escaped);
    if (leaf !== null) return leaf;
  }
  return node.rest;
}

function findText({ literals, folded }: PathNode, path: string, start: number, end: number): PathNode | undefined {
  if (literals.size === 0 && folded === null) return undefined;
  const text = segmentText(path.slice(start, end));
  return literals.get(text) ?? folded?.get(foldCase(text));
}

/** Literals are compared decoded, so that `/a%40b` cannot pass by a rule for `/a@b`. Canonical escapes are valid UTF-8. */
function segmentText(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}
