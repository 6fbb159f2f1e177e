/** Routes of one table that another one does not have: only they change which readings of a path are claimed. */
import type { Route } from '../../core/routing/route.ts';
import type { RouteTable } from '../../core/routing/route-table.ts';
import { segmentKey } from '../../core/url/path-pattern.ts';

/** Routes whose shape the other table does not have. */
export function routesMissingIn({ routes: others }: RouteTable, { routes }: RouteTable): readonly Route[] {
  const shapes = new Set(others.map(shapeOf));
  return routes.filter((route) => !shapes.has(shapeOf(route)));
}

/** Everything of a route that affects which readings are its own. No two routes of a table share it. */
function shapeOf({ pattern, methods, access, tolerates, reading, upstream }: Route): string {
  const segments = pattern.segments.map(segmentKey);
  const listed = access.every === null ? [...access.byMethod.keys()].sort() : null;
  return JSON.stringify([pattern.host, segments, methods, listed, tolerates, reading, upstream]);
}
