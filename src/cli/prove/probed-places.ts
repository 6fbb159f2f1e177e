/** A request to each rule of the configuration, which it allows to some caller if any request is. */
import { otherMethods } from '../../core/policy/access.ts';
import type { Route } from '../../core/routing/route.ts';
import { examplesOfEffect } from '../../policy-model/effects.ts';
import { hostOf } from '../../policy-model/host-for.ts';
import { pathLike } from '../../policy-model/path-like.ts';
import { otherMethod, routeOfMethod, rulesOf } from '../../policy-model/route-of-method.ts';
import { policyOf } from '../../policy-tools/run-cases.ts';
import type { Plan } from './plan-probes.ts';

export interface Place {
  readonly route: Route;
  readonly method: string;
  readonly target: string;
  readonly host: string;
}

/** Maximum number of probed routes; further ones would add nothing. */
const maxRoutes = 60;

export const safe = ['GET', 'HEAD', 'OPTIONS'];
export const changing = ['POST', 'PUT', 'PATCH', 'DELETE'];

export function placesOf({ config, host: anyHost, owners, unsafe }: Plan): readonly Place[] {
  const callers = {
    ...policyOf(config),
    identities: new Map([...owners].map(([name, { identity }]) => [name, identity])),
    nameOf: () => 'anyone',
  };
  const methods = [...safe, ...(unsafe ? changing : [])];
  return config.routes.routes.slice(0, maxRoutes).flatMap((route) =>
    rulesOf(route).flatMap(([key, rule]): Place[] => {
      const method = key === otherMethods ? otherMethod(route) : key;
      if (!methods.includes(method)) return [];
      const host = route.pattern.host === null ? anyHost : hostOf(route.pattern.host);
      const path = pathLike(config.routes, route);
      const allowed = { kind: 'allows', whom: 'anybody' } as const;
      const to = [{ method, host, path }];
      const [example] = examplesOfEffect(routeOfMethod(route, method), rule, allowed, callers, to);
      return [{ route, method, target: example?.target ?? path, host }];
    }),
  );
}
