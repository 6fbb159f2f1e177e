/** Access rules: they must use declared roles, and must not allow or deny anything by accident. */
import {
  type AccessSource,
  compileRouteAccess,
  otherMethods,
  type RouteAccess,
  ruleFor,
  rulesIn,
} from '../../core/policy/access.ts';
import { restrictAccess } from '../../core/policy/restrictions.ts';
import { roleKeys } from '../../core/policy/role-expression.ts';
import { accessSource } from '../../core/routing/describe-routes.ts';
import type { AccessEntry, RoleExpressionEntry, RuleEntry } from '../schema/access.ts';
import { checkExpression, checkRoleList } from './check-role-expression.ts';
import type { DeclaredRoles } from './check-roles.ts';
import type { Location } from './location.ts';

type Access = AccessSource | ReadonlyMap<string, AccessSource>;

export interface ReadAccess {
  /** The rules as written, for any method. */
  readonly rules: readonly AccessSource[];
  /** Methods with their own rules; null: one rule for all. */
  readonly methods: ReadonlySet<string> | null;
  readonly compiled: RouteAccess;
  /** No method needs a credential. */
  readonly isPublic: boolean;
}

/** Whether a credential is read with each of these methods; null: with every one. */
export function readsIdentity(access: ReadAccess, methods: readonly string[] | null): boolean {
  if (methods === null) return !access.rules.includes('public');
  return methods.every((method) => ruleFor(access.compiled, method)?.kind !== 'public');
}

/** `listed`: methods of the route; null: all. */
export function takesMethod(access: ReadAccess, listed: readonly string[] | null, method: string): boolean {
  const matched = listed === null || listed.includes(method) || (method === 'HEAD' && listed.includes('GET'));
  return matched && ruleFor(access.compiled, method) !== null;
}

/** With the rules of policies, which a request must also meet. */
export function restricted(access: ReadAccess, others: readonly RouteAccess[], roles: DeclaredRoles): ReadAccess {
  if (others.length === 0) return access;
  const compiled = restrictAccess(access.compiled, others, roles.table);
  const rules = rulesIn(compiled).map(accessSource);
  return { ...access, compiled, rules, isPublic: rules.every((rule) => rule === 'public') };
}

export function readAccess(entry: AccessEntry, at: Location, roles: DeclaredRoles): ReadAccess {
  const source = checkAccess(entry, at, roles);
  const rules = source instanceof Map ? [...source.values()] : [source as AccessSource];
  return {
    rules,
    methods: source instanceof Map ? new Set(source.keys().filter((method) => method !== otherMethods)) : null,
    compiled: compileRouteAccess(source, roles.table),
    isPublic: rules.every((rule) => rule === 'public'),
  };
}

/** The rule or the rules by method. */
function checkAccess(entry: AccessEntry, at: Location, roles: DeclaredRoles): Access {
  if (isRule(entry)) return checkRule(entry, at, roles);
  if (Object.keys(entry).length === 0)
    at.report('an empty mapping allows no method', 'write "deny" to refuse every request');
  const rules = new Map<string, AccessSource>();
  for (const [key, rule] of Object.entries(entry)) {
    const source = checkRule(rule, at.at(key), roles);
    for (const method of key.split(',').map((part) => part.trim())) {
      if (rules.has(method)) at.at(key).reportKey(`the method ${method} has two rules`, 'keep one of the two');
      rules.set(method, source);
    }
  }
  return rules;
}

function isRule(entry: AccessEntry): entry is RuleEntry {
  return typeof entry !== 'object' || Array.isArray(entry) || roleKeys.some((key) => key in entry);
}

function checkRule(rule: RuleEntry, at: Location, roles: DeclaredRoles): AccessSource {
  if (typeof rule === 'string') return rule;
  if (Array.isArray(rule)) return checkRoleList(rule, at, roles);
  if (Object.keys(rule).length > 0) return checkExpression(rule as RoleExpressionEntry, at, roles);
  at.report('an empty rule', 'name roles under any, all or none, or write "authenticated" or "deny"');
  return 'deny';
}
