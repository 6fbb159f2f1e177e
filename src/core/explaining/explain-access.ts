/** What a rule asks for, and what of it the identity holds. */
import type { Identity } from '../identity/identity.ts';
import type { AccessRule, AccessSource } from '../policy/access.ts';
import { derivedRoles, type RoleMapping } from '../policy/map-roles.ts';
import { type RoleTable, rolesThatGrant } from '../policy/roles.ts';
import { ruleInWords, written } from '../routing/describe-routes.ts';

export interface AccessReport {
  readonly rule: AccessSource;
  readonly words: string;
  /** Roles that the rule names; none for rules of one word. */
  readonly demands: readonly RoleDemand[];
  /** Demanded and not held: one of `any`, each of `all`. */
  readonly missing: readonly string[];
}

export interface RoleDemand {
  readonly list: 'any' | 'all' | 'none';
  readonly role: string;
  readonly held: boolean;
  /** The role of the identity that brings it; null when it is not held. */
  readonly through: string | null;
}

export interface IdentityReport {
  readonly userId: string;
  /** As the Auth API names them, or as they were given. */
  readonly roles: readonly string[];
  /** Held because of another field (`roles.*.from`). */
  readonly derived: readonly string[];
  /** Held because one of those inherits them. */
  readonly inherited: readonly string[];
  readonly groups: readonly string[];
}

export function explainAccess(rule: AccessRule, identity: Identity | null, roles: RoleTable): AccessReport {
  const rules = written(rule);
  const words = ruleInWords(rules);
  if (rule.kind !== 'roles') return { rule: rules, words, demands: [], missing: [] };
  const held = identity?.roles ?? [];
  const demands = (['any', 'all', 'none'] as const).flatMap((list) =>
    rule.source[list].map((role): RoleDemand => {
      const granting = rolesThatGrant(role, roles);
      const through = held.find((name) => granting.has(name)) ?? null;
      return { list, role, held: through !== null, through };
    }),
  );
  const any = demands.filter(({ list }) => list === 'any');
  const lacking = demands.filter(({ list, held: has }) => list === 'all' && !has);
  const missing = [...(any.some(({ held: has }) => has) ? [] : any), ...lacking].map(({ role }) => role);
  return { rule: rules, words, demands, missing };
}

/** `identity` is as the Auth API gave it, before roles are derived. */
export function explainIdentity(identity: Identity, mapping: RoleMapping | null, roles: RoleTable): IdentityReport {
  const derived = mapping === null ? [] : derivedRoles(mapping.origins, identity);
  const own = [...identity.roles, ...derived];
  const inherited = new Set<string>();
  const visit = (role: string) => {
    for (const next of roles.get(role) ?? []) {
      if (own.includes(next) || inherited.has(next)) continue;
      inherited.add(next);
      visit(next);
    }
  };
  for (const role of own) visit(role);
  return {
    userId: identity.userId,
    roles: identity.roles,
    derived,
    inherited: [...inherited],
    groups: identity.groups,
  };
}
