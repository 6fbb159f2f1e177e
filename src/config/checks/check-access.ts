/** Access rules: that they name declared roles, and neither open nor close anything by accident. */
import type { AccessSource } from '../../core/policy/compile-access.ts';
import { type AccessEntry, isAccessWord, type RuleEntry } from '../schema/access.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';

export type Access = AccessSource | ReadonlyMap<string, AccessSource>;

const roleKeys = ['any', 'all', 'none'] as const;

/** The rule or the rules by method; null when there are problems with it. */
export function checkAccess(
  entry: Parts<AccessEntry> | undefined,
  path: Path,
  roles: DeclaredRoles,
  check: Check,
): Access | null {
  if (entry === undefined) return null;
  const keys = check.keys(path);
  if (keys === null || keys.some((key) => (roleKeys as readonly string[]).includes(key))) {
    return checkRule(entry as Parts<RuleEntry>, path, roles, check);
  }
  if (keys.length === 0) {
    check.at(path, 'an empty mapping allows no method at all', 'write "deny" to refuse everybody');
    return null;
  }
  const rules = new Map<string, AccessSource>();
  for (const [key, rule] of Object.entries(entry as Readonly<Record<string, Parts<RuleEntry> | undefined>>)) {
    const source = checkRule(rule, [...path, key], roles, check);
    for (const method of key.split(',').map((part) => part.trim())) {
      if (rules.has(method)) check.atKey([...path, key], `the method ${method} has two rules`, 'keep one of the two');
      rules.set(method, source ?? 'deny');
    }
  }
  return rules;
}

function checkRule(
  rule: Parts<RuleEntry> | undefined,
  path: Path,
  roles: DeclaredRoles,
  check: Check,
): AccessSource | null {
  if (rule === undefined || typeof rule === 'string') return rule ?? null;
  if (check.keys(path)?.length === 0) {
    check.at(path, 'an empty rule', 'name roles under any, all or none, or write "authenticated" or "deny"');
    return null;
  }
  if (Array.isArray(rule)) return checkList(rule as Parts<string[]>, path, roles, check);
  const { any, all, none } = rule as Parts<{ any?: string[]; all?: string[]; none?: string[] }>;
  const out: { any?: readonly string[]; all?: readonly string[]; none?: readonly string[] } = {};
  for (const [key, list] of Object.entries({ any, all, none })) {
    if (list !== undefined) out[key as (typeof roleKeys)[number]] = checkList(list, [...path, key], roles, check);
  }
  const wanted = new Set([...(out.any ?? []), ...(out.all ?? [])]);
  none?.forEach((role, index) => {
    if (role !== undefined && wanted.has(role)) {
      const rolePath = [...path, 'none', index];
      check.at(
        rolePath,
        `the role ${check.quote(rolePath, role)} is both demanded and excluded`,
        'write "deny" to refuse everybody',
      );
    }
  });
  return out;
}

function checkList(list: Parts<string[]>, path: Path, roles: DeclaredRoles, check: Check): readonly string[] {
  if (list.length === 0) {
    check.at(
      path,
      'an empty list of roles',
      'name a role, or write "authenticated" for any identity, "deny" for nobody',
    );
  }
  const names: string[] = [];
  list.forEach((role, index) => {
    if (role === undefined) return;
    names.push(role);
    const rolePath = [...path, index];
    if (isAccessWord(role)) {
      const hint = list.length === 1 ? `write "access: ${role}"` : 'it cannot stand beside roles';
      check.at(rolePath, `${check.quote(rolePath, role)} is no role but a rule of its own`, hint);
    } else if (roles !== null && !roles.has(role)) {
      reportUndeclared(role, rolePath, roles, check);
    }
  });
  return names;
}

/** Whether no method needs a credential. */
export function isPublic(access: Access): boolean {
  return access instanceof Map ? [...access.values()].every((rule) => rule === 'public') : access === 'public';
}

/** Whether some method reads no credential. */
export function hasPublic(access: Access | null): boolean {
  return access instanceof Map ? [...access.values()].includes('public') : access === 'public';
}
