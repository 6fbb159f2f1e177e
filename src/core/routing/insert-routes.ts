/**
 * Builds the trees of hosts and path segments. Routes that ignore letter case are inserted by folded text, and again below every
 * case-sensitive literal or form that equals theirs in some case: so descending it finds them too, and the most specific route of both
 * kinds wins.
 */

import { foldedForm, formKey, formRank, type ParamForm } from '../url/param-form.ts';
import { foldCase } from '../url/path-reading.ts';
import type { Route } from './route.ts';
import type { FormedBranch, Leaf, PathNode, RouteTrees } from './route-table.ts';

/** `add` is called for every leaf of a route: case-insensitive ones last, and possibly more than once. */
export function insertRoutes(
  routes: readonly Route[],
  ignoresCase: (route: Route) => boolean,
  add: (leaf: Leaf, route: Route) => void,
): RouteTrees {
  const exactHosts = new Map<string, PathNode>();
  const wildcards = new Map<string, PathNode>();
  const anyHost = newNode();
  const rootFor = ({ pattern: { host } }: Route) => {
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
  return { exactHosts, wildcardHosts, anyHost };
}

function newNode(): PathNode {
  return { literals: new Map(), folded: null, formed: null, param: null, leaf: null, rest: null };
}

function newLeaf(): Leaf {
  return { routes: [], alone: null, byMethod: new Map(), contested: false };
}

function rootOf(roots: Map<string, PathNode>, host: string): PathNode {
  const root = roots.get(host) ?? newNode();
  roots.set(host, root);
  return root;
}

function exactLeaf(root: PathNode, route: Route): Leaf {
  let at = root;
  for (const segment of route.pattern.segments) {
    if (segment.kind === 'rest') {
      at.rest ??= newLeaf();
      return at.rest;
    }
    if (segment.kind === 'param') {
      at = paramNode(at, segment.form, false);
    } else {
      const next = at.literals.get(segment.text) ?? newNode();
      at.literals.set(segment.text, next);
      at = next;
    }
  }
  at.leaf ??= newLeaf();
  return at.leaf;
}

function paramNode(at: PathNode, form: ParamForm | null, anyCase: boolean): PathNode {
  if (form === null) {
    at.param ??= newNode();
    return at.param;
  }
  const key = formKey(form);
  const known = at.formed?.find((branch) => branch.anyCase === anyCase && formKey(branch.form) === key);
  if (known !== undefined) return known.node;
  const branch: FormedBranch = { form, anyCase, node: newNode() };
  // Sorting is stable: case-sensitive forms stay before their twins, which do not have all routes below them.
  at.formed = [...(at.formed ?? []), branch].sort((a, b) => formRank(b.form) - formRank(a.form));
  return branch.node;
}

/** Forms of a node that equal this one in some case: a case-insensitive one, and case-sensitive ones. */
function formedNodes(at: PathNode, form: ParamForm): readonly PathNode[] {
  const folded = foldedForm(form);
  const key = formKey(folded);
  const twins = (at.formed ?? []).filter((branch) => !branch.anyCase && formKey(foldedForm(branch.form)) === key);
  return [paramNode(at, folded, true), ...twins.map(({ node }) => node)];
}

/** Case-sensitive literals of a node, by their folded text. */
type Twins = ReadonlyMap<string, readonly PathNode[]>;

function visitFolded(
  at: PathNode,
  route: Route,
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
    const nodes = segment.form === null ? [paramNode(at, null, true)] : formedNodes(at, segment.form);
    for (const node of nodes) visitFolded(node, route, index + 1, twins, visit);
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
