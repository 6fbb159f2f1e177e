/** The compiled rules of who may use a route. */

/** A rule for one method of a route. */
export type AccessRule =
  /** No credential is read. */
  | { readonly kind: 'public' }
  /** A good credential gives an identity; none or a bad one is anonymous. */
  | { readonly kind: 'optional' }
  /** Any identity. */
  | { readonly kind: 'authenticated' }
  | RoleRule
  /** Nobody. */
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

/** Rules of a route: one for every method, or by method. */
export interface RouteAccess {
  /** Rule for each method, or null when only the listed ones are allowed. */
  readonly every: AccessRule | null;
  readonly byMethod: ReadonlyMap<string, AccessRule>;
  /** Value of `Allow` for a 405 (RFC 9110 section 10.2.1). */
  readonly allow: string;
}

/** Null: the method is not allowed. HEAD is GET without the content (RFC 9110 section 9.3.2), unless it has a rule of its own. */
export function ruleFor({ every, byMethod }: RouteAccess, method: string): AccessRule | null {
  if (every !== null) return every;
  const rule = byMethod.get(method) ?? (method === 'HEAD' ? byMethod.get('GET') : undefined);
  return rule ?? null;
}
