/** Turns a route's `access` into rules that a request only has to look up. */
import type { AccessRule, RoleRule, RouteAccess } from './access.ts';
import { type RoleTable, rolesThatGrant } from './roles.ts';

/** As written in YAML: a word, a list of roles (any of), or `{any, all, none}`. */
export type AccessSource =
  | 'public'
  | 'optional'
  | 'authenticated'
  | 'deny'
  | readonly string[]
  | { readonly any?: readonly string[]; readonly all?: readonly string[]; readonly none?: readonly string[] };

export function compileRule(source: AccessSource, roles: RoleTable): AccessRule {
  if (typeof source === 'string') return { kind: source };
  // An empty list names nobody; it must not become "no demand".
  if (isList(source)) return source.length === 0 ? { kind: 'deny' } : roleRule(source, [], [], roles);
  return roleRule(source.any ?? [], source.all ?? [], source.none ?? [], roles);
}

/** One rule for every method, or a rule for each listed method. */
export function compileRouteAccess(
  source: AccessSource | ReadonlyMap<string, AccessSource>,
  roles: RoleTable,
): RouteAccess {
  if (!(source instanceof Map)) {
    return { every: compileRule(source as AccessSource, roles), byMethod: new Map(), allow: '' };
  }
  const byMethod = new Map<string, AccessRule>();
  for (const [method, rule] of source as ReadonlyMap<string, AccessSource>) {
    byMethod.set(method, compileRule(rule, roles));
  }
  const listed = new Set(byMethod.keys());
  if (listed.has('GET')) listed.add('HEAD');
  return { every: null, byMethod, allow: [...listed].sort().join(', ') };
}

function isList(source: Exclude<AccessSource, string>): source is readonly string[] {
  return Array.isArray(source);
}

function roleRule(any: readonly string[], all: readonly string[], none: readonly string[], roles: RoleTable): RoleRule {
  return {
    kind: 'roles',
    any: union(any, roles),
    all: all.map((role) => rolesThatGrant(role, roles)),
    none: union(none, roles),
    source: { any, all, none },
  };
}

function union(names: readonly string[], roles: RoleTable): Set<string> {
  return new Set(names.flatMap((role) => [...rolesThatGrant(role, roles)]));
}
