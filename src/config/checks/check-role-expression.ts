/** Roles that a rule requires: they must be declared, and their expressions must be small and require something. */
import { type RoleExpression, type RoleTerm, roleKeys } from '../../core/policy/role-expression.ts';
import { isAccessWord, type RoleExpressionEntry, type RoleTermEntry } from '../schema/access.ts';
import { type DeclaredRoles, formOf, reportUndeclared } from './check-roles.ts';
import type { Location } from './location.ts';

/** Maximum levels of nested expressions, and of names and expressions in a rule. */
const deepest = 8;
const maxTerms = 64;

export function checkExpression(
  entry: RoleExpressionEntry,
  at: Location,
  roles: DeclaredRoles,
  depth = 0,
): RoleExpression {
  const out: { [Key in (typeof roleKeys)[number]]?: readonly RoleTerm[] } = {};
  for (const key of roleKeys) {
    if (entry[key] !== undefined) out[key] = checkTerms(entry[key], at.at(key), roles, depth);
  }
  if (depth === 0) reportSize(out, at);
  reportExcluded(out, at);
  return out;
}

export function checkRoleList(
  terms: readonly RoleTermEntry[],
  at: Location,
  roles: DeclaredRoles,
): readonly RoleTerm[] {
  const any = checkTerms(terms, at, roles, 0);
  reportSize({ any }, at);
  return any;
}

function checkTerms(
  terms: readonly RoleTermEntry[],
  at: Location,
  roles: DeclaredRoles,
  depth: number,
): readonly RoleTerm[] {
  return terms.flatMap((term, index) => {
    const there = at.at(index);
    if (typeof term !== 'string') return checkNested(term, there, roles, depth + 1) ?? [];
    if (isAccessWord(term)) {
      const hint = terms.length === 1 && depth === 0 ? `write "access: ${term}"` : 'it cannot be combined with roles';
      there.report(`${there.quote(term)} is not a role but a separate rule`, hint);
    } else reportUndeclared(term, there, roles);
    return formOf(term, roles);
  });
}

function checkNested(entry: RoleExpressionEntry, at: Location, roles: DeclaredRoles, depth: number): RoleTerm | null {
  if (Object.keys(entry).length === 0)
    at.report('an empty expression requires nothing', 'name roles under any, all or none');
  else if (depth < deepest) return checkExpression(entry, at, roles, depth);
  else at.report(`roles are nested deeper than ${deepest} levels`, 'a role that inherits others can stand for a part');
  return null;
}

function reportSize(expression: RoleExpression, at: Location): void {
  const size = (term: RoleTerm): number => {
    if (typeof term === 'string') return 1;
    return roleKeys.reduce((sum, key) => (term[key] ?? []).reduce((of, one) => of + size(one), sum), 1);
  };
  const isNested = roleKeys.some((key) => expression[key]?.some((term) => typeof term !== 'string'));
  if (!isNested || size(expression) <= maxTerms) return;
  const message = `this rule has more than ${maxTerms} names and expressions`;
  at.report(message, 'a role that inherits others can stand for a part');
}

function reportExcluded({ any = [], all = [], none = [] }: RoleExpression, at: Location): void {
  const wanted = new Set([...any, ...all]);
  none.forEach((role, index) => {
    if (typeof role !== 'string' || !wanted.has(role)) return;
    const there = at.at('none', index);
    there.report(`the role ${there.quote(role)} is both required and excluded`, 'write "deny" to refuse every request');
  });
}
