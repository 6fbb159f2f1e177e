/** The roles that a rule requires, as written, nested to any depth. Compiles them and describes them in words. */

import { scopedRole } from '../identity/scoped-role.ts';
import type { RoleDemand, RoleLeaf } from './role-demand.ts';
import { unreadScope } from './role-scopes.ts';
import { type RoleTable, rolesThatGrant } from './roles.ts';

/** One of `any`, every one of `all`, none of `none`; an absent key requires nothing. */
export interface RoleExpression {
  readonly any?: readonly RoleTerm[];
  readonly all?: readonly RoleTerm[];
  readonly none?: readonly RoleTerm[];
}

/** The name of a role, or an expression. */
export type RoleTerm = string | RoleExpression;

export const roleKeys = ['any', 'all', 'none'] as const;

export function compileRoles(term: RoleTerm, table: RoleTable, wanted = true): RoleDemand {
  if (typeof term === 'string') return wanted ? leafOf('holds', term, table) : leafOf('lacks', term, table);
  const lists = roleKeys.flatMap((key) => {
    const terms = term[key];
    if (terms === undefined) return [];
    const each = terms.map((one) => compileRoles(one, table, key === 'none' ? !wanted : wanted));
    return [join((key === 'any') === wanted ? 'any' : 'all', each)];
  });
  return join(wanted ? 'all' : 'any', lists);
}

/** Roles of which one makes an identity a holder of one of the names, or leaves open whether it is. */
export function holdersOf(names: readonly string[], table: RoleTable): ReadonlySet<string> {
  return new Set(names.flatMap((name) => [...leafOf('lacks', name, table).roles]));
}

/** An absent role counts as absent only if its scope can be read. */
function leafOf(kind: RoleLeaf['kind'], role: string, table: RoleTable): RoleLeaf {
  const roles = rolesThatGrant(role, table);
  const scoped = [...roles].flatMap((name) => scopedRole(name) ?? []);
  return { kind, roles: kind === 'holds' ? roles : new Set([...roles, ...scoped.map(unreadScope)]) };
}

/** Joins parts of the same kind, and sets of which one is enough or none may be held. */
function join(kind: 'all' | 'any', demands: readonly RoleDemand[]): RoleDemand {
  const flat = demands.flatMap((part) => (part.kind === kind ? part.parts : [part]));
  const joint = kind === 'any' ? 'holds' : 'lacks';
  const sets = flat.filter((part) => part.kind === joint);
  const others = flat.filter((part) => part.kind !== joint);
  const roles = new Set(sets.flatMap((part) => ('roles' in part ? [...part.roles] : [])));
  const parts: readonly RoleDemand[] = sets.length === 0 ? others : [{ kind: joint, roles }, ...others];
  return parts.length === 1 ? parts[0]! : { kind, parts };
}

/** Names in the order of the file, each once. `side`: only required or only excluded ones. */
export function rolesIn(expression: RoleExpression, side: 'wanted' | 'unwanted' | 'both' = 'both'): readonly string[] {
  const names = new Set<string>();
  const visit = (term: RoleTerm, wanted: boolean): void => {
    if (typeof term !== 'string') {
      for (const key of roleKeys) for (const one of term[key] ?? []) visit(one, key === 'none' ? !wanted : wanted);
    } else if (side === 'both' || (side === 'wanted') === wanted) names.add(term);
  };
  visit(expression, true);
  return [...names];
}

/** Such as `any of admin, (all of reporter; none of suspended)`. */
export function rolesInWords(expression: RoleExpression): string {
  return roleKeys
    .flatMap((key) => {
      const terms = expression[key] ?? [];
      return terms.length === 0 ? [] : [`${key} of ${terms.map(termInWords).join(', ')}`];
    })
    .join('; ');
}

export function termInWords(term: RoleTerm): string {
  return typeof term === 'string' ? term : `(${rolesInWords(term)})`;
}
