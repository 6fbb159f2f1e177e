/**
 * Roles that are held in a scope, such as `editor` of one tenant. Rules refer to such a role in the form of the source, with the parameter
 * that contains the scope: `{tenant}:editor`. Before a rule is checked, the roles of the identity are read in the scope of the request.
 */
import type { Identity } from '../identity/identity.ts';
import { alikeForm } from './alike.ts';
import type { ConditionFacts } from './conditions.ts';
import { readSource } from './read-source.ts';

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

/** Every identity holds it if the scope of a request cannot be read, because a role must not count as absent then. */
export function unreadScope({ param }: ScopedRole): string {
  return `{${param}}?`;
}

/** The role of an identity; null: the text cannot be a scope. */
export function roleInScope({ before, after }: Pick<ScopedRole, 'before' | 'after'>, scope: string): string | null {
  return isScope(scope, before, after) ? before + scope + after : null;
}

/** The scope in which this role of an identity is held; null: it is another role. */
export function scopeOf({ before, after }: Pick<ScopedRole, 'before' | 'after'>, held: string): string | null {
  if (held.length < before.length + after.length || !held.startsWith(before) || !held.endsWith(after)) return null;
  const scope = held.slice(before.length, held.length - after.length);
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

/** The identity with the scoped roles that it holds for this request. Only for rules and exemptions. */
export function inScope(identity: Identity, scopes: readonly ScopedRole[], facts: ConditionFacts): Identity {
  const held = scopes.flatMap((scoped) => heldAs(scoped, identity.roles, facts) ?? []);
  // A source cannot grant a role by writing the form of rules.
  const own = identity.roles.filter((role) => !role.includes('{'));
  return { ...identity, roles: [...own, ...new Set(held)] };
}

function heldAs(scoped: ScopedRole, roles: readonly string[], facts: ConditionFacts): string | null {
  const { role, param } = scoped;
  if (param === null) return roles.some((held) => scopeOf(scoped, held) !== null) ? role : null;
  const scope = readSource({ from: 'param', name: param }, facts);
  const text = typeof scope === 'string' ? roleInScope(scoped, scope) : null;
  if (text === null) return unreadScope(scoped);
  if (roles.includes(text)) return role;
  // A service may take the scope for one in which the identity holds the role.
  const form = alikeForm(scope as string);
  const alike = (held: string) => {
    const other = scopeOf(scoped, held);
    return other !== null && alikeForm(other) === form;
  };
  return roles.some(alike) ? unreadScope(scoped) : null;
}
