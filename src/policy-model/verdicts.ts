/**
 * What a matched route decides for a class of callers. It follows the same steps as `decide`, but over classes instead of requests.
 */
import type { AccessRule, RoleRule } from '../core/policy/access.ts';
import type { Criterion } from '../core/policy/conditions.ts';
import { checkRoles, leavesOf } from '../core/policy/role-demand.ts';
import type { Route } from '../core/routing/route.ts';
import type { MethodRefusal, RouteMatch } from '../core/routing/route-table.ts';
import { placedRoles } from './samples/scoped-texts.ts';
import { type Truths, truthUnder } from './statements.ts';

/**
 * `anonymous`: no credential, or a rejected one. `unresolved`: a credential that is refused before the Auth API is called, or an
 * unavailable Auth API.
 */
export type Caller =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'known'; readonly bits: bigint };

/** How a table matches a method and a path. */
export type Found = Pick<RouteMatch, 'route' | 'rule'> | MethodRefusal | string;

/** Where a route's sets begin among the bits of a caller. */
export interface Place {
  readonly found: Found;
  readonly offset: number;
}

/** Null: allowed. Otherwise the reason, or the word of the condition. */
export function verdictOf({ found, offset }: Place, caller: Caller, truths: Truths): string | null {
  if (typeof found === 'string') return found;
  if ('allow' in found) return 'method_not_allowed';
  const { route, rule } = found;
  const refused = ruleVerdict(rule, caller, offset);
  if (refused !== null) return refused;
  const bits = caller.kind === 'known' && rule.kind !== 'public' ? caller.bits : null;
  return conditionVerdict(route, bits, offset + setsOfRule(rule).length, truths);
}

/** The sets that a caller's bits represent, in the order of the bits. */
export function setsOf(found: Found): readonly ReadonlySet<string>[] {
  if (typeof found === 'string' || 'allow' in found) return [];
  const { rule, route } = found;
  const sets = [...setsOfRule(rule), ...(route.conditions ?? []).map(({ unless }) => unless ?? none)];
  return route.scopes === null ? sets : sets.map((set) => placedRoles(set, route.pattern));
}

export function routeOf(found: Found): Route | null {
  return typeof found === 'string' ? null : found.route;
}

const none: ReadonlySet<string> = new Set();

export function setsOfRule(rule: AccessRule): readonly ReadonlySet<string>[] {
  return rule.kind === 'roles' ? leavesOf(rule.demand).map(({ roles }) => roles) : [];
}

function ruleVerdict(rule: AccessRule, caller: Caller, offset: number): string | null {
  switch (rule.kind) {
    case 'public':
      return null;
    case 'deny':
      return 'access_denied';
    case 'optional':
      return caller.kind === 'unresolved' ? 'auth_unavailable' : null;
    case 'authenticated':
      return caller.kind === 'known' ? null : 'credential_missing';
    case 'roles':
      return caller.kind === 'known' ? roleVerdict(rule, caller.bits, offset) : 'credential_missing';
  }
}

/** Like `authorize`. */
function roleVerdict({ demand }: RoleRule, bits: bigint, offset: number): string | null {
  const leaves = leavesOf(demand);
  return checkRoles(demand, bits, (held, leaf) => (held & (1n << BigInt(offset + leaves.indexOf(leaf)))) !== 0n);
}

/** `bits`: null without an identity. */
function conditionVerdict(route: Route, bits: bigint | null, offset: number, truths: Truths): string | null {
  const premise = { places: route, truths, identified: bits !== null };
  for (const [index, criterion] of (route.conditions ?? []).entries()) {
    if (bits !== null && exempt(criterion, bits, offset + index)) continue;
    if (truthUnder(criterion.steps, 0, premise) !== 'met') return criterion.word;
  }
  return null;
}

function exempt({ unless }: Criterion, bits: bigint, index: number): boolean {
  return unless !== null && (bits & (1n << BigInt(index))) !== 0n;
}
