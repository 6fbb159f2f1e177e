/** What a rule requires, and which of it the identity has. */
import type { Claims } from '../identity/claims.ts';
import type { Identity } from '../identity/identity.ts';
import { scopedRole, scopeOf } from '../identity/scoped-role.ts';
import type { AccessRule, AccessSource } from '../policy/access.ts';
import { heldRoles, type RoleMapping } from '../policy/map-roles.ts';
import { checkRoles, meets } from '../policy/role-demand.ts';
import { compileRoles, type RoleExpression, type RoleTerm, roleKeys, rolesInWords } from '../policy/role-expression.ts';
import { type RoleTable, rolesThatGrant } from '../policy/roles.ts';
import { momentInWords } from '../policy/time-window.ts';
import { accessSource, ruleInWords } from '../routing/describe-routes.ts';

export interface AccessReport {
  readonly rule: AccessSource;
  readonly words: string;
  /** Roles and expressions of the rule, each before its parts; none for rules of one word. */
  readonly demands: readonly DemandReport[];
  /** Required but not held: one role of each unmet `any`, and all missing roles of each `all`. */
  readonly missing: readonly string[];
}

export interface DemandReport {
  readonly list: (typeof roleKeys)[number];
  /** From 0; parts of an expression are one deeper. */
  readonly depth: number;
  /** Null: an expression. */
  readonly role: string | null;
  /** The role, or the expression in words. */
  readonly words: string;
  /** The role is held, or the expression is met. */
  readonly held: boolean;
  /** The role of the identity that grants it; null if it is not held, and for an expression. */
  readonly through: string | null;
  /** For a role held in other scopes only: those scopes; absent: none. */
  readonly elsewhere?: readonly string[];
}

export interface IdentityReport {
  readonly userId: string;
  /** Name of the source that names the user. */
  readonly source: string;
  /** As the Auth API or the caller gave them. */
  readonly roles: readonly string[];
  /** Held because of another field (`roles.*.from`). */
  readonly derived: readonly string[];
  /** Held because one of those inherits them. */
  readonly inherited: readonly string[];
  readonly groups: readonly string[];
  /** ISO 8601; null: not known. */
  readonly signedInAt: string | null;
  /** Claims that the configuration declares; a time is in milliseconds since the epoch. */
  readonly claims: Claims;
}

export function explainAccess(rule: AccessRule, identity: Identity | null, roles: RoleTable): AccessReport {
  const rules = accessSource(rule);
  const words = ruleInWords(rules);
  if (rule.kind !== 'roles') return { rule: rules, words, demands: [], missing: [] };
  const holder: Holder = { ownRoles: identity?.roles ?? [], roles };
  return { rule: rules, words, demands: demandsIn(rule.source, holder, 0), missing: missingIn(rule.source, holder) };
}

interface Holder {
  readonly ownRoles: readonly string[];
  readonly roles: RoleTable;
}

function demandsIn(expression: RoleExpression, holder: Holder, depth: number): readonly DemandReport[] {
  return roleKeys.flatMap((list) =>
    (expression[list] ?? []).flatMap((term): readonly DemandReport[] => {
      if (typeof term !== 'string') {
        const holds = isMet(term, holder);
        const own = { list, depth, role: null, words: rolesInWords(term), held: holds, through: null };
        return [own, ...demandsIn(term, holder, depth + 1)];
      }
      const through = bringing(term, holder);
      const elsewhere = through === null ? scopesOf(term, holder) : [];
      const own = { list, depth, role: term, words: term, held: through !== null, through };
      return [elsewhere.length === 0 ? own : { ...own, elsewhere }];
    }),
  );
}

function missingIn(expression: RoleExpression, holder: Holder): readonly string[] {
  const { any = [], all = [] } = expression;
  const lacking = any.some((term) => isMet(term, holder)) ? all : [...any, ...all];
  const missing = lacking.flatMap((term) => {
    if (isMet(term, holder)) return [];
    return typeof term === 'string' ? [term] : missingIn(term, holder);
  });
  return [...new Set(missing)];
}

function isMet(term: RoleTerm, { ownRoles, roles }: Holder): boolean {
  return checkRoles(compileRoles(term, roles), ownRoles, meets) === null;
}

/** Maximum number of listed scopes. */
const maxScopes = 10;

function scopesOf(role: string, { ownRoles, roles }: Holder): readonly string[] {
  const scoped = [...rolesThatGrant(role, roles)].flatMap((name) => scopedRole(name) ?? []);
  const scopes = ownRoles.flatMap((name) => scoped.flatMap((one) => scopeOf(one, name) ?? []));
  return [...new Set(scopes)].slice(0, maxScopes);
}

function bringing(role: string, { ownRoles, roles }: Holder): string | null {
  const granting = rolesThatGrant(role, roles);
  return ownRoles.find((name) => granting.has(name)) ?? null;
}

/** `identity` is as its source gave it, before roles are derived and limited. */
export function explainIdentity(identity: Identity, mapping: RoleMapping | null, roles: RoleTable): IdentityReport {
  const own = mapping === null ? identity.roles : heldRoles(mapping, identity);
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
    source: identity.source,
    roles: own.filter((role) => identity.roles.includes(role)),
    derived: own.filter((role) => !identity.roles.includes(role)),
    inherited: [...inherited],
    groups: identity.groups,
    signedInAt: identity.authenticatedAtMs === null ? null : momentInWords(identity.authenticatedAtMs),
    claims: identity.claims,
  };
}
