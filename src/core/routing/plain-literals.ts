/**
 * Literals of a place in the tree as most paths need them: those without an escape, which are compared as they stand. With
 * many routes the tree lies out of reach of the processor's caches, and each place of it that a request visits costs more
 * than the work there. So where only one way leads on, the rest of the pattern is compared at once; rests that are alike,
 * as those of `/orders/{id}` and `/users/{id}`, are held once.
 */
import type { PathNode, RouteTrees, TailedLeaf } from './compile-routes.ts';
import type { Leaf } from './compiled-route.ts';
import { LiteralTable, stands } from './literal-table.ts';

/** Segments that are to come, null for a parameter. */
export type Tail = readonly (string | null)[];

/** `leaf`, when the rest of a path without escapes is its tail. */
export function followTail(leaf: TailedLeaf, path: string, from: number): Leaf | null {
  const { tail } = leaf;
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
  for (const root of pending) root.only = onlyLeaf(root, tails);
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    // A path without escapes is not followed any further, place by place.
    if (node.only !== null) continue;
    const first = pending.length;
    for (const next of node.literals.values()) pending.push(next);
    if (node.folded !== null) for (const next of node.folded.values()) pending.push(next);
    if (node.param !== null) pending.push(node.param);
    for (let index = first; index < pending.length; index += 1) {
      const next = pending[index]!;
      next.only = onlyLeaf(next, tails);
    }
    if (node.folded !== null || node.literals.size === 0) continue;
    node.table = new LiteralTable(waysOf(node.literals));
  }
}

function waysOf(literals: ReadonlyMap<string, PathNode>): (string | PathNode | TailedLeaf)[] {
  const ways: (string | PathNode | TailedLeaf)[] = [];
  literals.forEach((next, text) => {
    ways.push(text, next.only ?? next);
  });
  return ways;
}

function onlyLeaf(from: PathNode, tails: Map<string, Tail>): TailedLeaf | null {
  const leaf = onlyEnd(from);
  if (leaf === null) return null;
  leaf.tail = sharedTail(tailOf(from, leaf), tails);
  return leaf as TailedLeaf;
}

/** As most patterns end. */
const oneParam: Tail = [null];

function sharedTail(tail: Tail, tails: Map<string, Tail>): Tail {
  if (tail === oneParam) return tail;
  const key = JSON.stringify(tail);
  const known = tails.get(key) ?? tail;
  tails.set(key, known);
  return known;
}

/** Null: the place or one below it lets go on in more than one way. */
function onlyEnd(from: PathNode): Leaf | null {
  for (let at = from; ; at = at.param ?? onlyLiteral(at)) {
    if (at.rest !== null || at.folded !== null) return null;
    const ways = at.literals.size + (at.param === null ? 0 : 1);
    if (at.leaf !== null) return ways === 0 ? at.leaf : null;
    if (ways !== 1) return null;
  }
}

function onlyLiteral({ literals }: PathNode): PathNode {
  return literals.values().next().value!;
}

/** From a place with one way to the end of it. */
function tailOf(from: PathNode, leaf: Leaf): Tail {
  if (from.param?.leaf === leaf) return oneParam;
  const tail: (string | null)[] = [];
  for (let at = from; at.leaf !== leaf; at = at.param ?? onlyLiteral(at)) {
    tail.push(at.param === null ? at.literals.keys().next().value! : null);
  }
  return tail;
}
