/**
 * Builds the trees of hosts and path segments. Routes that ignore letter case stand by folded text, and a second time
 * below every literal that is theirs in one case: descending that literal then misses nothing of them, and the most
 * specific route of both kinds wins.
 */
import type { PathNode, RouteTrees } from './compile-routes.ts';
import type { CompiledRoute, Leaf } from './compiled-route.ts';
import { foldCase } from './path-reading.ts';
import { addPlainLiterals } from './plain-literals.ts';

/** `add` is called for every leaf of a route: those that ignore case last, and possibly more than once. */
export function insertRoutes(
  routes: readonly CompiledRoute[],
  ignoresCase: (route: CompiledRoute) => boolean,
  add: (leaf: Leaf, route: CompiledRoute) => void,
): RouteTrees {
  const exactHosts = new Map<string, PathNode>();
  const wildcards = new Map<string, PathNode>();
  const anyHost = newNode();
  const rootFor = ({ pattern: { host } }: CompiledRoute) => {
    if (host === null) return anyHost;
    return host.startsWith('*.') ? rootOf(wildcards, host.slice(1)) : rootOf(exactHosts, host);
  };
  for (const route of routes) if (!ignoresCase(route)) add(exactLeaf(rootFor(route), route), route);
  const twins = new Map<PathNode, Twins>();
  for (const route of routes) {
    if (ignoresCase(route)) visitFolded(rootFor(route), route, 0, twins, (leaf) => add(leaf, route));
  }
  const wildcardHosts = [...wildcards]
    .map(([suffix, root]) => ({ suffix, root }))
    .sort((a, b) => b.suffix.length - a.suffix.length);
  const trees = { exactHosts, wildcardHosts, anyHost };
  addPlainLiterals(trees);
  return trees;
}

/** Most places have none: they have this one in common, and nothing is ever added to it. */
const noLiterals: Map<string, PathNode> = new Map();

function newNode(): PathNode {
  return {
    only: null,
    table: null,
    literals: noLiterals,
    folded: null,
    param: null,
    leaf: null,
    rest: null,
    tail: null,
  };
}

function newLeaf(): Leaf {
  return { tail: null, alone: null, byMethod: new Map(), routes: [] };
}

/** The first route of a pattern whose letter case counts: there it is found, and nowhere else. */
function leafOf(route: CompiledRoute): Leaf {
  return route.methods === null ? route : newLeaf();
}

function rootOf(roots: Map<string, PathNode>, host: string): PathNode {
  const root = roots.get(host) ?? newNode();
  roots.set(host, root);
  return root;
}

function exactLeaf(root: PathNode, route: CompiledRoute): Leaf {
  let at = root;
  const { segments } = route.pattern;
  for (let index = 0; index < segments.length; index += 1) {
    const segment = segments[index]!;
    if (segment.kind === 'rest') {
      at.rest ??= leafOf(route);
      return at.rest;
    }
    if (segment.kind === 'param') {
      at.param ??= newNode();
      at = at.param;
    } else {
      let next = at.literals.get(segment.text);
      if (next === undefined) {
        next = newNode();
        if (at.literals === noLiterals) at.literals = new Map();
        at.literals.set(segment.text, next);
      }
      at = next;
    }
  }
  at.leaf ??= leafOf(route);
  return at.leaf;
}

/** Literals of a node that count by case, by their folded text. */
type Twins = ReadonlyMap<string, readonly PathNode[]>;

function visitFolded(
  at: PathNode,
  route: CompiledRoute,
  index: number,
  twins: Map<PathNode, Twins>,
  visit: (leaf: Leaf) => void,
): void {
  const segment = route.pattern.segments[index];
  if (segment === undefined) {
    at.leaf ??= newLeaf();
    visit(at.leaf);
  } else if (segment.kind === 'rest') {
    at.rest ??= newLeaf();
    visit(at.rest);
  } else if (segment.kind === 'param') {
    at.param ??= newNode();
    visitFolded(at.param, route, index + 1, twins, visit);
  } else {
    const text = foldCase(segment.text);
    at.folded ??= new Map();
    const next = at.folded.get(text) ?? newNode();
    at.folded.set(text, next);
    for (const node of [next, ...(twinsOf(at, twins).get(text) ?? [])])
      visitFolded(node, route, index + 1, twins, visit);
  }
}

function twinsOf(at: PathNode, known: Map<PathNode, Twins>): Twins {
  const before = known.get(at);
  if (before !== undefined) return before;
  const byText = new Map<string, PathNode[]>();
  for (const [text, node] of at.literals) {
    const folded = foldCase(text);
    byText.set(folded, [...(byText.get(folded) ?? []), node]);
  }
  known.set(at, byText);
  return byText;
}
