/** Routes: each on its own, and all against each other; the result is the compiled table. */

import type { RouteAccess } from '../../core/policy/access.ts';
import { type AccessSource, compileRouteAccess } from '../../core/policy/compile-access.ts';
import { compileRoutes, type RouteTable } from '../../core/routing/compile-routes.ts';
import type { Route } from '../../core/routing/route.ts';
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import type { Check } from './check.ts';
import { type Access, checkAccess, isPublic } from './check-access.ts';
import { checkPattern, checkRewrite, toleratedBits } from './check-match.ts';
import type { DeclaredRoles } from './check-roles.ts';

/** What routes take from the rest of the file. */
interface Surroundings {
  readonly roles: DeclaredRoles;
  /** Null when the section cannot be read, so that no upstream counts as unknown. */
  readonly upstreams: ReadonlySet<string> | null;
  readonly access: Access;
  readonly timeoutMs: number;
  readonly maxBodyBytes: number;
}

/** Null when there are problems that leave no table. */
export function checkRoutes(parts: Parts<ConfigFile>, roles: DeclaredRoles, check: Check): RouteTable | null {
  const { defaults } = parts;
  const upstreams = parts.upstreams === undefined ? null : new Set(check.keys(['upstreams']) ?? []);
  const surroundings: Surroundings = {
    roles,
    upstreams: upstreams?.add('auth-api') ?? null,
    access: checkAccess(defaults?.access, ['defaults', 'access'], roles, check) ?? 'deny',
    timeoutMs: defaults?.timeout ?? 0,
    maxBodyBytes: defaults?.maxBody ?? 0,
  };
  const ids = new Map<string, number>();
  const routes: Route[] = [];
  const compileAccess = sharedAccess(roles);
  parts.routes?.forEach((entry, index) => {
    if (entry === undefined) return;
    checkId(entry.id, index, ids, check);
    const route = checkRoute(entry, index, surroundings, compileAccess, check);
    if (route !== null) routes.push(route);
  });
  const table = compileRoutes(routes);
  if (!('ties' in table)) return table;
  for (const { first, second, example } of table.ties) {
    const line = check.lineOf(['routes', first.index]);
    const other = check.quote(['routes', first.index, 'id'], first.id);
    const message = `this route and ${other} (line ${line}) both match ${example}`;
    check.at(['routes', second.index, 'match'], message, 'make one of them more specific, or join them');
  }
  return null;
}

function checkId(id: string | undefined, index: number, ids: Map<string, number>, check: Check): void {
  if (id === undefined) return;
  const path = ['routes', index, 'id'];
  const earlier = ids.get(id);
  if (earlier === undefined) ids.set(id, index);
  else
    check.at(
      path,
      `the id ${check.quote(path, id)} is taken by the route of line ${check.lineOf(['routes', earlier])}`,
    );
}

/** Null when there is no pattern to compare with other routes. */
function checkRoute(
  entry: Parts<RouteEntry>,
  index: number,
  around: Surroundings,
  compileAccess: (access: Access) => RouteAccess,
  check: Check,
): Route | null {
  const path = ['routes', index];
  const { upstream } = entry;
  if (upstream !== undefined && around.upstreams !== null && !around.upstreams.has(upstream)) {
    const at = [...path, 'upstream'];
    check.at(at, `there is no upstream ${check.quote(at, upstream)}`, check.nearest(at, upstream, around.upstreams));
  }
  const own = check.has([...path, 'access']);
  const access = own ? checkAccess(entry.access, [...path, 'access'], around.roles, check) : around.access;
  if (entry.maxAge !== undefined && access !== null && isPublic(access)) {
    check.atKey([...path, 'maxAge'], '"maxAge" has no meaning on a public route: no verdict is asked for', 'remove it');
  }
  const methods = checkMethods(entry, access, path, check);
  const pattern = checkPattern(entry.match, [...path, 'match'], check);
  const rewrite = checkRewrite(entry.rewrite, pattern, [...path, 'rewrite'], check);
  if (pattern === null) return null;
  return {
    id: entry.id ?? `route ${index + 1}`,
    index,
    pattern,
    methods,
    access: compileAccess(access ?? 'deny'),
    tolerates: toleratedBits(entry.path),
    maxAgeMs: entry.maxAge ?? Infinity,
    upstream: upstream ?? '',
    timeoutMs: entry.timeout ?? around.timeoutMs,
    maxBodyBytes: entry.maxBody ?? around.maxBodyBytes,
    rewrite,
    forwardCredentials: entry.forwardCredentials ?? (access !== null && isPublic(access)),
    websocket: entry.websocket ?? false,
  };
}

function checkMethods(
  entry: Parts<RouteEntry>,
  access: Access | null,
  path: readonly (string | number)[],
  check: Check,
): readonly string[] | null {
  const written = entry.match?.methods;
  if (written === undefined) return null;
  const at = [...path, 'match', 'methods'];
  if (written.length === 0) check.at(at, 'an empty list of methods matches nothing', 'remove it to match every method');
  written.forEach((method, index) => {
    if (method !== undefined && written.indexOf(method) < index)
      check.at([...at, index], 'this method is listed twice');
  });
  const methods = written.filter((method) => method !== undefined);
  if (access instanceof Map && methods.length === written.length && check.has([...path, 'access'])) {
    for (const key of check.keys([...path, 'access']) ?? []) {
      const strange = key
        .split(',')
        .map((part) => part.trim())
        .find((method) => access.has(method) && !methods.includes(method));
      if (strange === undefined || (strange === 'HEAD' && methods.includes('GET'))) continue;
      check.atKey(
        [...path, 'access', key],
        `${strange} has a rule but is not in "match.methods"`,
        'add it there, or remove the rule',
      );
    }
  }
  return methods;
}

/** Routes with equal rules share one compiled set: roles are resolved once, whatever the number of routes. */
function sharedAccess(roles: DeclaredRoles): (access: Access) => RouteAccess {
  const table = roles ?? new Map<string, readonly string[]>();
  const compiled = new Map<string, RouteAccess>();
  return (access) => {
    const key = JSON.stringify(access instanceof Map ? { methods: [...access] } : access);
    const known = compiled.get(key);
    if (known !== undefined) return known;
    const fresh = compileRouteAccess(access as AccessSource | ReadonlyMap<string, AccessSource>, table);
    compiled.set(key, fresh);
    return fresh;
  };
}
