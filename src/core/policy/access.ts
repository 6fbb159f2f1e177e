/** Who may use a route: the rules as written, and compiled into what a request only has to look up. */
import { type RoleTable, rolesThatGrant } from './roles.ts';

/** A rule for one method of a route. */
export type AccessRule =
  /** No credential is read. */
  | { readonly kind: 'public' }
  /** An accepted credential gives an identity; without one, or with a rejected one, the caller is anonymous. */
  | { readonly kind: 'optional' }
  /** Any identity. */
  | { readonly kind: 'authenticated' }
  | RoleRule
  /** No request. */
  | { readonly kind: 'deny' };

/**
 * Roles by name. Inheritance is compiled in: a set holds every role that grants the named one, so a request only asks
 * whether the identity's own roles meet a set.
 */
export interface RoleRule {
  readonly kind: 'roles';
  /** One of these must be held; empty: no demand. */
  readonly any: ReadonlySet<string>;
  /** Each of these sets must be met. */
  readonly all: readonly ReadonlySet<string>[];
  /** None of these may be held. */
  readonly none: ReadonlySet<string>;
  /** As written, for people. */
  readonly source: {
    readonly any: readonly string[];
    readonly all: readonly string[];
    readonly none: readonly string[];
  };
}

/** Rules of a route: by method, and one for every other method. */
export interface RouteAccess {
  /** Rule of each method that has none of its own; null when only the listed ones are allowed. */
  readonly every: AccessRule | null;
  readonly byMethod: ReadonlyMap<string, AccessRule>;
  /** Value of `Allow` for a 405 (RFC 9110 section 10.2.1). */
  readonly allow: string;
}

/** Key of the rule for every other method. */
export const otherMethods = '*';

/** All rules, whatever method each is for. */
export function rulesIn({ every, byMethod }: RouteAccess): readonly AccessRule[] {
  return every === null ? [...byMethod.values()] : [...byMethod.values(), every];
}

/** Methods that a rule can name: those that Node's parser takes, without CONNECT and TRACE, which are never forwarded. */
export const ruleMethods: readonly string[] = (
  'GET HEAD POST PUT PATCH DELETE OPTIONS QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT ' +
  'MKCALENDAR MKACTIVITY CHECKOUT MERGE ACL BIND REBIND UNBIND LINK UNLINK PURGE NOTIFY SUBSCRIBE UNSUBSCRIBE ' +
  'M-SEARCH SOURCE'
).split(' ');

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
  // An empty list grants access to no role; it must not become "no demand".
  if (isList(source)) return source.length === 0 ? { kind: 'deny' } : roleRule(source, [], [], roles);
  return roleRule(source.any ?? [], source.all ?? [], source.none ?? [], roles);
}

/** One rule for every method, or a rule for each listed method and possibly one for all others. */
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
  const every = byMethod.get(otherMethods) ?? null;
  byMethod.delete(otherMethods);
  if (every !== null) return { every, byMethod, allow: '' };
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
