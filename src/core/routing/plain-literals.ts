/**
 * Literals of a place in the tree as most paths need them: those without an escape, which are compared as they stand. With
 * many routes the tree lies out of reach of the processor's caches, and each place of it that a request visits costs more
 * than the work there. So where only one way leads on, the rest of the pattern is compared at once; rests that are alike,
 * as those of `/orders/{id}` and `/users/{id}`, are held once.
 */
import type { Leaf, PathNode, RouteTrees } from './compile-routes.ts';
import { LiteralTable, stands } from './literal-table.ts';

/** Segments that are to come, null for a parameter. */
export type Tail = readonly (string | null)[];

/** The end of a path without escapes below a place with a tail. */
export function followTail(tail: Tail, leaf: Leaf | null, path: string, from: number): Leaf | null {
  let start = from;
  for (let index = 0; index < tail.length; index += 1) {
    if (start >= path.length) return null;
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    const text = tail[index]!;
    if (text === null ? end === start : !stands(text, path, start, end)) return null;
    start = end + 1;
  }
  return start >= path.length ? leaf : null;
}

/** To be called when all routes are in. Places where letter case may not count keep to their maps. */
export function addPlainLiterals({ exactHosts, wildcardHosts, anyHost }: RouteTrees): void {
  const tails = new Map<string, Tail>();
  const pending = [...exactHosts.values(), ...wildcardHosts.map(({ root }) => root), anyHost];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    const way = onlyWay(node);
    if (way !== null) {
      // A path without escapes is not followed any further, place by place.
      const key = JSON.stringify(way.tail);
      node.tail = tails.get(key) ?? way.tail;
      node.tailLeaf = way.leaf;
      tails.set(key, node.tail);
      continue;
    }
    for (const next of node.literals.values()) pending.push(next);
    for (const next of node.folded?.values() ?? []) pending.push(next);
    if (node.param !== null) pending.push(node.param);
    if (node.folded === null && node.literals.size > 0) node.table = new LiteralTable(node.literals);
  }
}

/** Null: the place or one below it lets go on in more than one way. */
function onlyWay(from: PathNode): { tail: Tail; leaf: Leaf } | null {
  const tail: (string | null)[] = [];
  let at = from;
  for (;;) {
    if (at.rest !== null || at.folded !== null) return null;
    const ways = at.literals.size + (at.param === null ? 0 : 1);
    if (at.leaf !== null) return ways === 0 ? { tail, leaf: at.leaf } : null;
    if (ways !== 1) return null;
    const [literal] = at.literals;
    tail.push(literal?.[0] ?? null);
    at = literal?.[1] ?? at.param!;
  }
}
