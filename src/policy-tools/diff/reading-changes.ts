/**
 * Routes with their own reading of paths decide ambiguous paths by their neighboring routes: such a path is refused if another
 * reading of it belongs to another route. Those readings are not compared, so this reports anything that may change them. (Letter
 * case is compared, see `path-classes.ts`.)
 */

import type { Route } from '../../core/routing/route.ts';
import { entriesOf, type RouteTable } from '../../core/routing/route-table.ts';
import type { SettingChange } from './setting-changes.ts';
import { routesMissingIn } from './table-shapes.ts';

const ownWay = 'has its own path reading';
/** Maximum other routes in a message. */
const maxNamed = 3;

export function readingChanges(before: RouteTable, after: RouteTable): readonly SettingChange[] {
  const others = [...routesMissingIn(after, before), ...routesMissingIn(before, after)].map(({ id }) => id);
  const change = (id: string, texts: readonly [before: string, after: string]): SettingChange => ({
    routeBefore: id,
    routeAfter: id,
    setting: 'path',
    before: texts[0],
    after: texts[1],
    class: 'decides',
  });
  const idsAfter = new Map(after.routes.map((route) => [route.id, route]));
  const idsBefore = new Set(before.routes.map(({ id }) => id));
  const beside = (id: string) => [...new Set(others)].filter((other) => other !== id);
  return [
    ...entriesOf(before.routes).flatMap(([route]) => {
      if (!readsAlone(route)) return [];
      if (!idsAfter.has(route.id)) return [change(route.id, [ownWay, 'no such route'])];
      const near = beside(route.id);
      return near.length === 0 ? [] : [change(route.id, [ownWay, `next to other routes: ${listed(near)}`])];
    }),
    ...entriesOf(after.routes).flatMap(([route]) =>
      readsAlone(route) && !idsBefore.has(route.id) ? [change(route.id, ['no such route', ownWay])] : [],
    ),
  ];
}

/** Whether the route accepts paths with more than one reading. */
function readsAlone({ tolerates, reading }: Route): boolean {
  return tolerates !== 0 || (reading !== null && (reading.decodesSlash || !reading.mergesSlashes));
}

function listed(ids: readonly string[]): string {
  const named = ids.slice(0, maxNamed).join(', ');
  return ids.length > maxNamed ? `${named} and ${ids.length - maxNamed} more` : named;
}
