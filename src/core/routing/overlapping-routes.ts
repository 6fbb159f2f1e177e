/**
 * Routes that differ first in forms of a parameter of which neither is more specific, and that some text has both of:
 * `{id}.json` and `a{name}` for "ab.json". Where they can match one path, they are a tie.
 */
import { commonText, TooManyFormsError } from '../url/form-texts.ts';
import { foldedForm, formKey, formRank } from '../url/param-form.ts';
import type { Route } from './route.ts';
import type { FormedBranch, PathNode, RouteTrees } from './route-table.ts';

/** Pairs may be found more than once, may have no path in common further on, and may have too many forms to compare. */
export function* overlappingRoutes({
  exactHosts,
  wildcardHosts,
  anyHost,
}: RouteTrees): Generator<readonly [Route, Route]> {
  const roots = [...exactHosts.values(), ...wildcardHosts.map(({ root }) => root), anyHost];
  for (const root of roots) yield* overlapsBelow(root);
}

function* overlapsBelow(node: PathNode): Generator<readonly [Route, Route]> {
  const formed = node.formed ?? [];
  for (const [index, branch] of formed.entries()) {
    for (const other of formed.slice(index + 1)) {
      if (!overlap(branch, other)) continue;
      const routes = [...routesBelow(other.node)];
      for (const a of routesBelow(branch.node)) for (const b of routes) if (a !== b) yield [a, b];
    }
  }
  for (const child of childrenOf(node)) yield* overlapsBelow(child);
}

function overlap(a: FormedBranch, b: FormedBranch): boolean {
  if (formRank(a.form) !== formRank(b.form)) return false;
  // All routes below a form of any case are below its twins that count by case, too.
  if (a.anyCase !== b.anyCase && formKey(foldedForm(a.form)) === formKey(foldedForm(b.form))) return false;
  try {
    return commonText(a, b) !== null;
  } catch (error) {
    if (!(error instanceof TooManyFormsError)) throw error;
    return true;
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
