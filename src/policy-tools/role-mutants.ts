/** Changes of a rule's role requirements, at every depth of its expressions: a removed term, and a weaker role instead of one. */

import { inAnyScope, scopedRole } from '../core/identity/scoped-role.ts';
import { type AccessRule, compileRule } from '../core/policy/access.ts';
import {
  type RoleExpression,
  type RoleTerm,
  roleKeys,
  rolesInWords,
  termInWords,
} from '../core/policy/role-expression.ts';
import { type RoleTable, rolesThatGrant } from '../core/policy/roles.ts';

export type Change<T> = readonly [words: string, changed: T];

/** A list of terms, and the whole expression as a function of it. */
interface TermList {
  readonly key: (typeof roleKeys)[number];
  readonly terms: readonly RoleTerm[];
  /** Its roles must be held, not absent. */
  readonly wanted: boolean;
  /** The expression that the list is in, in words; null: the whole rule. */
  readonly within: string | null;
  readonly changed: (terms: readonly RoleTerm[]) => RoleExpression;
}

const gone = { any: 'no longer grants it', all: 'is no longer required', none: 'is no longer forbidden' } as const;

/** Removes each name and each expression in turn. */
export function withoutTerms(expression: RoleExpression, roles: RoleTable): readonly Change<AccessRule>[] {
  return listsIn(expression).flatMap(({ key, terms, within, changed }) =>
    terms.map((term, at): Change<AccessRule> => {
      const what = typeof term === 'string' ? `role ${term}` : `the part ${termInWords(term)}`;
      const rule = compileRule(changed(terms.toSpliced(at, 1)), roles);
      return [`${what} ${gone[key]}${placeInWords(within)}`, rule];
    }),
  );
}

/** A further role grants it, or a weaker one is enough. `params`: of the path; no identity has a role of another scope there. */
export function* withWeakerRoles(
  expression: RoleExpression,
  roles: RoleTable,
  params: readonly string[],
): Generator<Change<AccessRule>> {
  const canCount = (role: string) => {
    const scope = scopedRole(role)?.param ?? null;
    return scope === null || params.includes(scope);
  };
  for (const { key, terms, wanted, within, changed } of listsIn(expression)) {
    if (!wanted) continue;
    const names = terms.filter((term) => typeof term === 'string');
    const place = placeInWords(within);
    for (const role of names) {
      const anywhere = inAnyScope(role);
      if (anywhere === null) continue;
      const instead = changed(terms.with(terms.indexOf(role), { any: [role, anywhere] }));
      yield [`role ${role} is accepted in any scope${place}`, compileRule(instead, roles)];
    }
    if (key === 'any') {
      const granting = new Set(names.flatMap((role) => [...rolesThatGrant(role, roles)]));
      const further = new Set(
        names.flatMap((role) => weakerThan(role, roles)).filter((role) => canCount(role) && !granting.has(role)),
      );
      for (const role of further)
        yield [`role ${role} also grants it${place}`, compileRule(changed([...terms, role]), roles)];
    } else {
      for (const role of names) {
        for (const weaker of weakerThan(role, roles).filter(canCount)) {
          const instead = changed(terms.with(terms.indexOf(role), weaker));
          yield [`role ${weaker} is enough where ${role} is required${place}`, compileRule(instead, roles)];
        }
      }
    }
  }
}

/** Without its last term, no identity meets `any`; the other lists then require nothing. */
function listsIn(expression: RoleExpression): readonly TermList[] {
  const visit = (
    part: RoleExpression,
    wanted: boolean,
    within: string | null,
    rebuilt: (part: RoleExpression) => RoleExpression,
  ): readonly TermList[] =>
    roleKeys.flatMap((key) => {
      const terms = part[key];
      if (terms === undefined) return [];
      const changed = (others: readonly RoleTerm[]) => rebuilt({ ...part, [key]: others });
      const below = key === 'none' ? !wanted : wanted;
      const nested = terms.flatMap((term, at) =>
        typeof term === 'string'
          ? []
          : visit(term, below, rolesInWords(term), (inner) => changed(terms.with(at, inner))),
      );
      return [{ key, terms, wanted: below, within, changed }, ...nested];
    });
  return visit(expression, true, null, (whole) => whole);
}

function placeInWords(within: string | null): string {
  return within === null ? '' : ` in (${within})`;
}

/** Roles that a role inherits, and one with the same inheritance: the next one in the file. */
export function weakerThan(role: string, roles: RoleTable): readonly string[] {
  const inherits = roles.get(role);
  if (inherits === undefined) return [];
  const names = [...roles.keys()];
  const alike = names.filter((name) => name === role || String(roles.get(name)) === String(inherits));
  const sibling = alike[(alike.indexOf(role) + 1) % alike.length]!;
  return sibling === role ? inherits : [...inherits, sibling];
}
