/**
 * Letter case as another reading of a path: whether a route would get it if the service ignored case. Most routers of applications do, none
 * of them shows it, and then "/ADMIN" is served as "/admin" under the rule of a wider route. Where that is possible is determined at load.
 */
import { foldedForm, formKey } from '../url/param-form.ts';
import { isMoreSpecific, type Segment } from '../url/path-pattern.ts';
import { foldCase } from '../url/path-reading.ts';
import { someFittingLeaf } from './fitting-routes.ts';
import type { Route } from './route.ts';
import { claims, type FoldedTrees, type Leaf, type PathNode, type RouteTrees } from './route-table.ts';

/**
 * Whether ignoring letter case gives the path to another route than those of `leaf`, or also to another one. `route` is the one of `leaf`
 * for the method.
 */
export function isClaimedInAnotherCase(
  folded: FoldedTrees,
  { host, path, method }: { readonly host: string; readonly path: string; readonly method: string },
  leaf: Leaf,
  route: Route,
): boolean {
  if (!mayBeClaimed(folded, leaf, path)) return false;
  return someFittingLeaf(folded, host, path, ({ routes }) =>
    routes.some((rival) => !leaf.routes.includes(rival) && outranks(rival, route, method)),
  );
}

/** False for nearly every request: if all patterns and the path are in lower case, ignoring case adds no route. */
export function mayBeClaimed({ lowerCase }: FoldedTrees, { contested }: Leaf, path: string): boolean {
  // An escape may be that of a capital.
  return contested && !(lowerCase && path.toLowerCase() === path && !path.includes('%'));
}

/** Whether the first of two fitting routes gets the request, or both do. */
function outranks(rival: Route, route: Route, method: string): boolean {
  if (isMoreSpecific(rival.pattern, route.pattern)) return true;
  return !isMoreSpecific(route.pattern, rival.pattern) && claims(rival, method);
}

/** Whether every literal text of the pattern is in lower case. */
export function isInLowerCase({ pattern: { segments } }: Route): boolean {
  return segments.every((segment) => {
    if (segment.kind === 'literal') return foldCase(segment.text) === segment.text;
    if (segment.kind === 'rest' || segment.form === null) return true;
    return formKey(foldedForm(segment.form)) === formKey(segment.form);
  });
}

/** Whether a route that is not of this leaf may fit paths of the pattern in another case, and be more specific. True if in doubt. */
export function isContested(folded: RouteTrees, { pattern: { host, segments } }: Route, leaf: Leaf): boolean {
  const root = host === null ? folded.anyHost : rootOf(folded, host);
  if (root === null || hasMoreSpecificHost(folded, host)) return true;
  let node: PathNode | null = root;
  for (const segment of segments) {
    if (node === null) return true;
    // The end of a pattern is more specific than `**`.
    if (segment.kind === 'rest') return hasChildren(node) || node.leaf !== null || hasOthers(node.rest, leaf);
    if (segment.kind === 'param' && (node.folded !== null || (node.formed?.length ?? 0) > formsOf(segment)))
      return true;
    node = childOf(node, segment);
  }
  return node === null || hasOthers(node.leaf, leaf);
}

function rootOf({ exactHosts, wildcardHosts }: RouteTrees, host: string): PathNode | null {
  if (!host.startsWith('*.')) return exactHosts.get(host) ?? null;
  return wildcardHosts.find(({ suffix }) => suffix === host.slice(1))?.root ?? null;
}

function hasMoreSpecificHost({ exactHosts, wildcardHosts }: RouteTrees, host: string | null): boolean {
  if (host !== null && !host.startsWith('*.')) return false;
  const length = host === null ? 0 : host.length - 1;
  return exactHosts.size > 0 || wildcardHosts.some(({ suffix }) => suffix.length > length);
}

function formsOf(segment: Segment): 0 | 1 {
  return segment.kind === 'param' && segment.form !== null ? 1 : 0;
}

/** In a folded tree. */
function childOf(node: PathNode, segment: Exclude<Segment, { readonly kind: 'rest' }>): PathNode | null {
  if (segment.kind === 'literal') return node.folded?.get(foldCase(segment.text)) ?? null;
  if (segment.form === null) return node.param;
  return node.formed?.[0]?.node ?? null;
}

function hasChildren({ folded, formed, param }: PathNode): boolean {
  return folded !== null || formed !== null || param !== null;
}

function hasOthers(leaf: Leaf | null, { routes }: Leaf): boolean {
  return leaf === null || leaf.routes.some((route) => !routes.includes(route));
}
