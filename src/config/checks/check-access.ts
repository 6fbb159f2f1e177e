/** Access rules: they must use declared roles, and must not allow or deny anything by accident. */
import {
  type AccessRule,
  type AccessSource,
  compileRouteAccess,
  otherMethods,
  type RouteAccess,
  rulesIn,
} from '../../core/policy/access.ts';
import { restrictAccess } from '../../core/policy/restrictions.ts';
import { roleKeys } from '../../core/policy/role-expression.ts';
import { written } from '../../core/routing/describe-routes.ts';
import { ruleFor } from '../../core/routing/find-route.ts';
import type { AccessEntry, RoleExpressionEntry, RoleTermEntry, RuleEntry } from '../schema/access.ts';
import type { Parts } from '../schema.ts';
import { checkExpression, checkRoleList } from './check-role-expression.ts';
import { type DeclaredRoles, tableOf } from './check-roles.ts';
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
export function readsIdentity(access: ReadAccess | null, methods: readonly string[] | null): boolean {
  if (access === null) return true;
  if (methods === null) return !access.rules.includes('public');
  return methods.every((method) => ruleFor(access.compiled, method)?.kind !== 'public');
}

/** `listed`: methods of the route; null: all. */
export function takesMethod(access: ReadAccess | null, listed: readonly string[] | null, method: string): boolean {
  const matched = listed === null || listed.includes(method) || (method === 'HEAD' && listed.includes('GET'));
  return matched && (access === null || ruleFor(access.compiled, method) !== null);
}

/** With the rules of policies, which a request must also meet. */
export function restricted(access: ReadAccess, rules: readonly AccessRule[], roles: DeclaredRoles): ReadAccess {
  if (rules.length === 0) return access;
  const compiled = restrictAccess(access.compiled, rules, tableOf(roles));
  return { ...access, compiled, rules: rulesIn(compiled).map(written), isPublic: false };
}

/** Null: no rule, or a rule with problems. */
export function readAccess(
  entry: Parts<AccessEntry> | undefined,
  at: Location,
  roles: DeclaredRoles,
): ReadAccess | null {
  const source = checkAccess(entry, at, roles);
  return source === null ? null : compile(source, tableOf(roles));
}

/** The rule of routes without one, if `defaults.access` has a problem. */
export const denied: ReadAccess = compile('deny', new Map());

function compile(source: Access, roles: ReadonlyMap<string, readonly string[]>): ReadAccess {
  const rules = source instanceof Map ? [...source.values()] : [source as AccessSource];
  return {
    rules,
    methods: source instanceof Map ? new Set(source.keys().filter((method) => method !== otherMethods)) : null,
    compiled: compileRouteAccess(source as AccessSource | ReadonlyMap<string, AccessSource>, roles),
    isPublic: rules.every((rule) => rule === 'public'),
  };
}

/** The rule or the rules by method; null if there are problems. */
function checkAccess(entry: Parts<AccessEntry> | undefined, at: Location, roles: DeclaredRoles): Access | null {
  if (entry === undefined) return null;
  const { keys } = at;
  if (keys === null || keys.some((key) => (roleKeys as readonly string[]).includes(key))) {
    return checkRule(entry as Parts<RuleEntry>, at, roles);
  }
  if (keys.length === 0) {
    at.report('an empty mapping allows no method', 'write "deny" to refuse every request');
    return null;
  }
  const rules = new Map<string, AccessSource>();
  for (const [key, rule] of Object.entries(entry as Readonly<Record<string, Parts<RuleEntry> | undefined>>)) {
    const source = checkRule(rule, at.at(key), roles);
    for (const method of key.split(',').map((part) => part.trim())) {
      if (rules.has(method)) at.at(key).reportKey(`the method ${method} has two rules`, 'keep one of the two');
      rules.set(method, source ?? 'deny');
    }
  }
  return rules;
}

function checkRule(rule: Parts<RuleEntry> | undefined, at: Location, roles: DeclaredRoles): AccessSource | null {
  if (rule === undefined || typeof rule === 'string') return rule ?? null;
  if (at.keys?.length === 0) {
    at.report('an empty rule', 'name roles under any, all or none, or write "authenticated" or "deny"');
    return null;
  }
  if (Array.isArray(rule)) return checkRoleList(rule as Parts<readonly RoleTermEntry[]>, at, roles);
  return checkExpression(rule as Parts<RoleExpressionEntry>, at, roles);
}
