/**
 * What a matched route demands of a caller, and the ways in which it refuses one. It follows the same steps as `decide`, but over
 * classes of callers instead of requests. Every refusal is one of these ways, so trying them one by one finds every change, without
 * going through all combinations of roles.
 */
import type { AccessRule } from '../core/policy/access.ts';
import type { Criterion } from '../core/policy/conditions.ts';
import type { Route } from '../core/routing/route.ts';
import { type RoleWay, roleWays } from './role-ways.ts';
import { type Caller, type Place, setsOfRule } from './verdicts.ts';

/** A condition with the facts that it reads. */
export interface Clause {
  readonly criterion: Criterion;
  readonly places: Route;
  /** Whether the route identifies the caller. */
  readonly identified: boolean;
  /** Bits that exempt from the condition. */
  readonly exempt: bigint;
  /** Bits of which identities must have one to be restricted; 0: every caller is. */
  readonly only: bigint;
}

/** One way to be allowed: the required roles and conditions. */
export interface Demands extends RoleWay {
  /** Each must be met unless the caller is exempt. */
  readonly clauses: readonly Clause[];
}

/** One way to be refused. */
export interface Refusal extends RoleWay {
  /** The condition that is not met; empty: it does not matter. */
  readonly unmet: readonly Clause[];
}

export const anyRoles: RoleWay = { forbidden: 0n, sets: [] };

/** Ways to be allowed. Empty: the caller is always refused. Null: too many. */
export function waysToAllow({ matching, offset }: Place, kind: Caller['kind']): readonly Demands[] | null {
  if (typeof matching === 'string' || 'allow' in matching) return [];
  const { rule, route } = matching;
  const unresolved = kind === 'unresolved' && rule.kind !== 'public';
  if (rule.kind === 'deny' || unresolved) return [];
  if (kind !== 'known' && rule.kind !== 'public' && rule.kind !== 'optional') return [];
  const clauses = clausesOf(route, rule, kind, offset);
  const ways = rule.kind === 'roles' ? roleWays(rule.demand, offset, true) : [anyRoles];
  return ways === null ? null : withClauses(ways, clauses);
}

/** Maximum ways, as of one demand. */
const maxWays = 512;

/** A condition for some identities is met, or the caller is none of them. Null: too many. */
function withClauses(ways: readonly RoleWay[], clauses: readonly Clause[]): readonly Demands[] | null {
  let demands: readonly Demands[] = ways.map((way) => ({ ...way, clauses: [] }));
  for (const clause of clauses) {
    const bound = demands.map((one) => ({ ...one, clauses: [...one.clauses, clause] }));
    const free = clause.only === 0n ? [] : demands;
    demands = [...free.map((one) => ({ ...one, forbidden: one.forbidden | clause.only })), ...bound];
    if (demands.length > maxWays) return null;
  }
  return demands;
}

/** Null: too many. */
export function waysToRefuse(place: Place, kind: Caller['kind']): readonly Refusal[] | null {
  const allowed = waysToAllow(place, kind);
  if (allowed === null) return null;
  const { matching, offset } = place;
  if (allowed.length === 0 || typeof matching === 'string' || 'allow' in matching) return [{ ...anyRoles, unmet: [] }];
  const { rule, route } = matching;
  const ways = rule.kind === 'roles' ? roleWays(rule.demand, offset, false) : [];
  const unmet = clausesOf(route, rule, kind, offset).map((clause) => {
    return { forbidden: clause.exempt, sets: setsFor(clause), unmet: [clause] };
  });
  return ways === null ? null : [...ways.map((way) => ({ ...way, unmet: [] })), ...unmet];
}

/** What a caller must have for the condition to restrict it. */
export function setsFor({ only }: Clause): readonly bigint[] {
  return only === 0n ? [] : [only];
}

export function clausesOf(route: Route, rule: AccessRule, kind: Caller['kind'], offset: number): readonly Clause[] {
  const identified = kind === 'known' && rule.kind !== 'public';
  const first = offset + setsOfRule(rule).length;
  const conditions = route.conditions ?? [];
  let next = first + conditions.length;
  return conditions.map((criterion, index) => {
    const exempt = identified && criterion.unless !== null ? 1n << BigInt(first + index) : 0n;
    const at = next;
    if (criterion.only !== null) next += 1;
    const only = identified && criterion.only !== null ? 1n << BigInt(at) : 0n;
    return { criterion, places: route, identified, exempt, only };
  });
}
