/** The matches of two route tables that a comparison of configurations looks at. */
import type { RouteTable } from '../../core/routing/route-table.ts';
import { canonicalPath } from '../../core/url/canonical-path.ts';
import { type MatchPair, matchPairsOf } from '../../policy-model/match-pairs.ts';
import { type HostPath, targetsOf } from '../../policy-model/path-classes.ts';
import { Probes } from '../../policy-model/probes.ts';
import { routesMissingIn } from './table-shapes.ts';

export function comparedPairs(before: RouteTable, after: RouteTable): Generator<MatchPair> {
  return matchPairsOf(before, after, undefined, comparedTargets(before, after));
}

function* comparedTargets(before: RouteTable, after: RouteTable): Generator<HostPath> {
  yield* targetsOf(before, after);
  yield* spelledIn(before, after);
  yield* spelledIn(after, before);
}

/**
 * Paths with a dot after one literal. Some services remove it, so a route that the other table does not have claims them: they are refused
 * where a wider route would take them. One such spelling for each literal represents all that services may read as the plain one.
 */
function* spelledIn(table: RouteTable, other: RouteTable): Generator<HostPath> {
  const routes = routesMissingIn(other, table);
  if (routes.length === 0) return;
  const probes = new Probes(table);
  for (const route of routes) {
    const { host, path } = probes.first(route);
    const parts = path.split('/');
    for (const [index, { kind }] of route.pattern.segments.entries()) {
      if (kind !== 'literal') continue;
      const read = canonicalPath(parts.with(index + 1, `${parts[index + 1]}.`).join('/'));
      if (typeof read !== 'string') yield { host, path: read.path, ambiguities: read.ambiguities };
    }
  }
}
