/** Who may use a route: the rules as written, and compiled for look-up by a request. */
import type { RoleDemand } from './role-demand.ts';
import { compileRoles, type RoleExpression, type RoleTerm } from './role-expression.ts';
import type { RoleTable } from './roles.ts';

/** A rule for one method of a route. */
export type AccessRule =
  /** No credential is read. */
  | { readonly kind: 'public' }
  /** An accepted credential provides an identity; without one, or with a rejected one, the caller is anonymous. */
  | { readonly kind: 'optional' }
  /** Any identity. */
  | { readonly kind: 'authenticated' }
  | RoleRule
  /** No request. */
  | { readonly kind: 'deny' };

export interface RoleRule {
  readonly kind: 'roles';
  readonly demand: RoleDemand;
  /** As written, for people; a list is its `any`. */
  readonly source: RoleExpression;
}

/** Rules of a route: by method, and one for every other method. */
export interface RouteAccess {
  /** Rule of each method without its own; null if only the listed ones are allowed. */
  readonly every: AccessRule | null;
  readonly byMethod: ReadonlyMap<string, AccessRule>;
  /** Value of `Allow` for a 405 (RFC 9110 section 10.2.1). */
  readonly allow: string;
}

/** Key of the rule for every other method. */
export const otherMethods = '*';

/** All rules, for any method. */
export function rulesIn({ every, byMethod }: RouteAccess): readonly AccessRule[] {
  return every === null ? [...byMethod.values()] : [...byMethod.values(), every];
}

/** Methods that a rule can list: those that Node's parser accepts, except CONNECT and TRACE, which are never forwarded. */
export const ruleMethods: readonly string[] = (
  'GET HEAD POST PUT PATCH DELETE OPTIONS QUERY PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT ' +
  'MKCALENDAR MKACTIVITY CHECKOUT MERGE ACL BIND REBIND UNBIND LINK UNLINK PURGE NOTIFY SUBSCRIBE UNSUBSCRIBE ' +
  'M-SEARCH SOURCE'
).split(' ');

/** As written in YAML: a word, a list of roles (any of), or `{any, all, none}`. */
export type AccessSource = 'public' | 'optional' | 'authenticated' | 'deny' | readonly RoleTerm[] | RoleExpression;

export function compileRule(source: AccessSource, roles: RoleTable): AccessRule {
  if (typeof source === 'string') return { kind: source };
  const expression = isList(source) ? { any: source } : source;
  // An empty list grants access to no role; it must not become "no requirement".
  if (isList(source) && source.length === 0) return { kind: 'deny' };
  return { kind: 'roles', demand: compileRoles(expression, roles), source: expression };
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

/** Null: the method is not allowed. HEAD is GET without the content (RFC 9110 section 9.3.2), unless it has its own rule. */
export function ruleFor({ every, byMethod }: RouteAccess, method: string): AccessRule | null {
  if (byMethod.size === 0) return every;
  const rule = byMethod.get(method) ?? (method === 'HEAD' ? byMethod.get('GET') : undefined);
  return rule ?? every;
}

export function isList(source: Exclude<AccessSource, string>): source is readonly RoleTerm[] {
  return Array.isArray(source);
}
