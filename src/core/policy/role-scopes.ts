/**
 * Roles that are held in a scope, such as `editor` of one tenant. Rules refer to such a role in the form of the source, with the parameter
 * that contains the scope: `{tenant}:editor`. Before a rule is checked, the roles of the identity are read in the scope of the request.
 */
import type { Identity } from '../identity/identity.ts';
import { roleInScope, type ScopedRole, scopeOf } from '../identity/scoped-role.ts';
import { alikeForm } from './alike.ts';
import type { ConditionFacts } from './conditions.ts';
import { readSource } from './read-source.ts';

/** Every identity holds it if the scope of a request cannot be read, because a role must not count as absent then. */
export function unreadScope({ param }: ScopedRole): string {
  return `{${param}}?`;
}

/** The identity with the scoped roles that it holds for this request. Only for rules and exemptions. */
export function inScope(identity: Identity, scopes: readonly ScopedRole[], facts: ConditionFacts): Identity {
  const names = scopes.flatMap((scoped) => heldAs(scoped, identity.roles, facts) ?? []);
  // A source cannot grant a role by writing the form of rules.
  const own = identity.roles.filter((role) => !role.includes('{'));
  return { ...identity, roles: [...own, ...new Set(names)] };
}

function heldAs(scoped: ScopedRole, roles: readonly string[], facts: ConditionFacts): string | null {
  const { role, param } = scoped;
  if (param === null) return roles.some((name) => scopeOf(scoped, name) !== null) ? role : null;
  const scope = readSource({ from: 'param', name: param }, facts);
  const text = typeof scope === 'string' ? roleInScope(scoped, scope) : null;
  if (text === null) return unreadScope(scoped);
  if (roles.includes(text)) return role;
  // A service may take the scope for one in which the identity holds the role.
  const form = alikeForm(scope as string);
  const alike = (name: string) => {
    const other = scopeOf(scoped, name);
    return other !== null && alikeForm(other) === form;
  };
  return roles.some(alike) ? unreadScope(scoped) : null;
}
