/**
 * Finds routes whose first difference is two parameter forms, neither more specific, that share a text: `{id}.json` and `a{name}` for
 * "ab.json". If they can match one path, they are a tie. The trees below both forms are walked together, so that only routes with a path in
 * common are compared.
 */
import { mayHaveCommonText } from '../url/form-texts.ts';
import { foldedForm, formKey, formRank, takes } from '../url/param-form.ts';
import { foldCase } from '../url/path-reading.ts';
import type { Route } from './route.ts';
import type { FormedBranch, PathNode, RouteTrees } from './route-table.ts';

/** Pairs may be found more than once, and may have too many forms to compare. */
export function* overlappingRoutes({
  exactHosts,
  wildcardHosts,
  anyHost,
}: RouteTrees): Generator<readonly [Route, Route]> {
  const roots = [...exactHosts.values(), ...wildcardHosts.map(({ root }) => root), anyHost];
  for (const root of roots) yield* overlapsBelow(root, new Meetings());
}

function* overlapsBelow(node: PathNode, meetings: Meetings): Generator<readonly [Route, Route]> {
  const formed = node.formed ?? [];
  for (const [index, branch] of formed.entries()) {
    for (const other of formed.slice(index + 1)) {
      if (overlap(branch, other)) yield* meetings.below(branch.node, other.node);
    }
  }
  for (const child of childrenOf(node)) yield* overlapsBelow(child, meetings);
}

function overlap(a: FormedBranch, b: FormedBranch): boolean {
  if (formRank(a.form) !== formRank(b.form)) return false;
  // All routes below a case-insensitive form are also below its case-sensitive twins.
  if (a.anyCase !== b.anyCase && formKey(foldedForm(a.form)) === formKey(foldedForm(b.form))) return false;
  return mayHaveCommonText(a, b);
}

/** Pairs of a route of each tree that one request may fit, regardless of its method. */
export function* competingRoutes(a: RouteTrees, b: RouteTrees): Generator<readonly [Route, Route]> {
  for (const [host, root] of rootsOf(a)) {
    for (const [other, rival] of rootsOf(b)) if (hasCommonHost(host, other)) yield* new Meetings().below(root, rival);
  }
}

/** Hosts as in patterns. */
function rootsOf({ exactHosts, wildcardHosts, anyHost }: RouteTrees): readonly (readonly [string | null, PathNode])[] {
  return [...exactHosts, ...wildcardHosts.map(({ suffix, root }) => [`*${suffix}`, root] as const), [null, anyHost]];
}

function hasCommonHost(a: string | null, b: string | null): boolean {
  if (a === null || b === null || a === b) return true;
  const fits = (host: string, pattern: string) => pattern.startsWith('*') && host.endsWith(pattern.slice(1));
  return fits(a, b) || fits(b, a);
}

/** Pairs of nodes that one path leads to; each is visited once. */
class Meetings {
  readonly #seen = new Map<PathNode, Set<PathNode>>();

  *below(a: PathNode, b: PathNode): Generator<readonly [Route, Route]> {
    const seen = this.#seen.get(a) ?? new Set<PathNode>();
    this.#seen.set(a, seen);
    if (seen.has(b)) return;
    seen.add(b);
    yield* pairs(a.leaf?.routes ?? [], b.leaf?.routes ?? []);
    // `**` matches everything below the other node, and the node itself.
    if (a.rest !== null) yield* pairs(a.rest.routes, routesBelow(b));
    if (b.rest !== null) yield* pairs(routesBelow(a), b.rest.routes);
    for (const [one, other] of commonChildren(a, b)) yield* this.below(one, other);
  }
}

function* pairs(a: Iterable<Route>, b: Iterable<Route>): Generator<readonly [Route, Route]> {
  const others = [...b];
  for (const one of a) for (const other of others) if (one !== other) yield [one, other];
}

/** Children of two nodes that share a text. */
function* commonChildren(a: PathNode, b: PathNode): Generator<readonly [PathNode, PathNode]> {
  yield* namedChildren(a, b);
  for (const [two, one] of namedChildren(b, a)) yield [one, two];
  for (const branch of a.formed ?? []) {
    for (const other of b.formed ?? []) if (mayHaveCommonText(branch, other)) yield [branch.node, other.node];
    if (b.param !== null) yield [branch.node, b.param];
  }
  if (a.param === null) return;
  for (const { node } of b.formed ?? []) yield [a.param, node];
  if (b.param !== null) yield [a.param, b.param];
}

/** Nodes of the second one that match literals of the first. */
function* namedChildren(a: PathNode, b: PathNode): Generator<readonly [PathNode, PathNode]> {
  for (const [text, node] of a.literals) {
    for (const other of takersOf(b, text)) yield [node, other];
  }
  if (a.folded === null) return;
  const anyCase = Map.groupBy(b.literals, ([text]) => foldCase(text));
  for (const [text, node] of a.folded) {
    for (const [, other] of anyCase.get(text) ?? []) yield [node, other];
    for (const other of takersOf(b, text, true)) yield [node, other];
  }
}

/** `anyCase`: the text in any letter case. */
function* takersOf({ literals, folded, formed, param }: PathNode, text: string, anyCase = false): Generator<PathNode> {
  const nodes = [literals.get(text), folded?.get(foldCase(text)), param ?? undefined];
  yield* nodes.filter((node) => node !== undefined);
  for (const branch of formed ?? []) {
    const taker = anyCase ? { form: foldedForm(branch.form), anyCase } : branch;
    if (takes(taker, text)) yield branch.node;
  }
}

function* routesBelow(node: PathNode): Generator<Route> {
  yield* node.leaf?.routes ?? [];
  yield* node.rest?.routes ?? [];
  for (const child of childrenOf(node)) yield* routesBelow(child);
}

function* childrenOf({ literals, folded, formed, param }: PathNode): Generator<PathNode> {
  yield* literals.values();
  yield* folded?.values() ?? [];
  for (const { node } of formed ?? []) yield node;
  if (param !== null) yield param;
}
