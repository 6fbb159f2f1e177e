/**
 * The forms of roles that are held in a scope, such as `editor` of one tenant: `{tenant}:editor` in rules, and `acme:editor` in an
 * identity.
 */

export interface ScopedRole {
  /** As rules write it. */
  readonly role: string;
  /** The parameter with the scope; null: any scope. */
  readonly param: string | null;
  /** Text around the scope in an identity's role. */
  readonly before: string;
  readonly after: string;
}

/** The parts of a form such as `{tenant}:editor`; null: the role has no scope. */
export function scopedRole(role: string): ScopedRole | null {
  const [, before = '', param, after = ''] = /^([^{}]*)\{(\w+|\*)\}([^{}?]*)$/.exec(role) ?? [];
  return param === undefined ? null : { role, param: param === '*' ? null : param, before, after };
}

/** The same role in any scope; null: it has no scope. */
export function inAnyScope(role: string): string | null {
  const scoped = scopedRole(role);
  return scoped === null ? null : `${scoped.before}{*}${scoped.after}`;
}

/** The role of an identity; null: the text cannot be a scope. */
export function roleInScope({ before, after }: Pick<ScopedRole, 'before' | 'after'>, scope: string): string | null {
  return isScope(scope, before, after) ? before + scope + after : null;
}

/** The scope in which this role of an identity is held; null: it is another role. */
export function scopeOf({ before, after }: Pick<ScopedRole, 'before' | 'after'>, role: string): string | null {
  if (role.length < before.length + after.length || !role.startsWith(before) || !role.endsWith(after)) return null;
  const scope = role.slice(before.length, role.length - after.length);
  return isScope(scope, before, after) ? scope : null;
}

/** A scope never contains its separator: `a:b:editor` does not have the scope `a:b`. */
function isScope(scope: string, before: string, after: string): boolean {
  if (scope === '' || /[\p{Cc},]/u.test(scope)) return false;
  const [left = ''] = /[^A-Za-z0-9]*$/.exec(before) ?? [];
  const [right = ''] = /^[^A-Za-z0-9]*/.exec(after) ?? [];
  return (
    (left === '' || (left + scope).lastIndexOf(left) === 0) &&
    (right === '' || (scope + right).indexOf(right) === scope.length)
  );
}
