/** Access rules: that they name declared roles, and neither open nor close anything by accident. */
import type { RouteAccess } from '../../core/policy/access.ts';
import { type AccessSource, compileRouteAccess } from '../../core/policy/access.ts';
import { type AccessEntry, isAccessWord, type RuleEntry } from '../schema/access.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { type DeclaredRoles, reportUndeclared } from './check-roles.ts';

type Access = AccessSource | ReadonlyMap<string, AccessSource>;

const roleKeys = ['any', 'all', 'none'] as const;

export interface ReadAccess {
  readonly source: Access;
  readonly compiled: RouteAccess;
  /** No method needs a credential. */
  readonly isPublic: boolean;
  /** Some method reads no credential. */
  readonly hasPublic: boolean;
}

/** Null: there is no rule, or a problem with it. */
export function readAccess(
  entry: Parts<AccessEntry> | undefined,
  path: Path,
  roles: DeclaredRoles,
  check: Check,
): ReadAccess | null {
  const source = checkAccess(entry, path, roles, check);
  return source === null ? null : compile(source, roles ?? new Map());
}

/** The rule of routes that have none, when `defaults.access` has a problem. */
export const denied: ReadAccess = compile('deny', new Map());

function compile(source: Access, roles: ReadonlyMap<string, readonly string[]>): ReadAccess {
  const rules = source instanceof Map ? [...source.values()] : [source];
  return {
    source,
    compiled: compileRouteAccess(source as AccessSource | ReadonlyMap<string, AccessSource>, roles),
    isPublic: rules.every((rule) => rule === 'public'),
    hasPublic: rules.includes('public'),
  };
}

/** The rule or the rules by method; null when there are problems with it. */
function checkAccess(
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
