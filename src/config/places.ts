/**
 * Positions of the parts of a compiled configuration in its files, for later findings. A serving gateway releases them, and the texts with
 * them.
 */
import type { RoutePlace } from './checks/check-routes.ts';
import type { Location } from './checks/location.ts';
import type { ConfigProblem } from './yaml/problem.ts';
import type { Path } from './yaml/tree.ts';

export type ConfigPart =
  /** `index` in the table of routes; `key`: below the route, if unset: the route itself. */
  | { readonly kind: 'route'; readonly index: number; readonly key?: Path }
  | { readonly kind: 'role' | 'upstream'; readonly name: string }
  /** By id; `key`: below it. */
  | { readonly kind: 'policy'; readonly name: string; readonly key?: Path }
  /** A key of the main file. */
  | { readonly kind: 'setting'; readonly path: Path };

export interface Places {
  /** A problem at that position, or at the nearest written one for a default. */
  problemAt(place: ConfigPart, message: string, hint: string | null): ConfigProblem;
}

/** `main`: of the file with roles, upstreams and policies. `policies`: their ids. */
export function createPlaces(main: Location, routes: readonly RoutePlace[], policies: readonly string[]): Places {
  return {
    problemAt(place, message, hint) {
      if (place.kind === 'setting') return main.at(...place.path).problem(message, hint);
      if (place.kind === 'policy') {
        return main.at('policies', policies.indexOf(place.name), ...(place.key ?? [])).problem(message, hint);
      }
      if (place.kind !== 'route') return main.at(`${place.kind}s`, place.name).problem(message, hint, true);
      return routes[place.index]!.at.at(...(place.key ?? [])).problem(message, hint);
    },
  };
}
