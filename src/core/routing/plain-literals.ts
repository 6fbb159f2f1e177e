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
    const below = [...node.literals.values(), ...(node.folded?.values() ?? [])];
    if (node.param !== null) below.push(node.param);
    for (const next of below) {
      next.only = onlyLeaf(next, tails);
      pending.push(next);
    }
    if (node.folded !== null || node.literals.size === 0) continue;
    const ways = [...node.literals].map(([text, next]) => [text, next.only ?? next] as const);
    node.table = new LiteralTable(new Map(ways));
  }
}

function onlyLeaf(node: PathNode, tails: Map<string, Tail>): TailedLeaf | null {
  const way = onlyWay(node);
  if (way === null) return null;
  return Object.assign(way.leaf, { tail: sharedTail(way.tail, tails) });
}

/** As most patterns end. */
const oneParam: Tail = [null];

function sharedTail(tail: Tail, tails: Map<string, Tail>): Tail {
  if (tail.length === 1 && tail[0] === null) return oneParam;
  const key = JSON.stringify(tail);
  const known = tails.get(key) ?? tail;
  tails.set(key, known);
  return known;
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
