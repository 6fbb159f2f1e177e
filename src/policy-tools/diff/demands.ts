/**
 * What a matched route demands of a caller, and the ways in which it refuses one: the same line as `decide`, over classes
 * of callers instead of requests. Every refusal is one of these ways, so a change is found by trying them one by one, and
 * nothing has to be gone through that grows with the number of combinations of roles.
 */
import type { AccessRule } from '../../core/policy/access.ts';
import type { Criterion } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import { type RoleWay, roleWays } from './role-ways.ts';
import { type Caller, type Place, setsOfRule } from './verdicts.ts';

/** A condition with what it reads. */
export interface Clause {
  readonly criterion: Criterion;
  readonly places: Route;
  /** Whether the route reads an identity of the caller. */
  readonly identified: boolean;
  /** Bits that exempt from it. */
  readonly exempt: bigint;
}

/** One way to be allowed: the roles that it takes, and what has to be met. */
export interface Demands extends RoleWay {
  /** Each met, unless the caller is exempt. */
  readonly clauses: readonly Clause[];
}

/** One way to be refused. */
export interface Refusal extends RoleWay {
  /** Not met; null: no matter. */
  readonly unmet: Clause | null;
}

const anyRoles: RoleWay = { forbidden: 0n, sets: [] };

/** Ways to be allowed; none: the caller is refused whatever it has. Null: too many. */
export function waysToAllow({ found, offset }: Place, kind: Caller['kind']): readonly Demands[] | null {
  if (typeof found === 'string' || 'allow' in found) return [];
  const { rule, route } = found;
  const unresolved = kind === 'unresolved' && rule.kind !== 'public';
  if (rule.kind === 'deny' || unresolved) return [];
  // As in shadow mode: only a caller whose credential could not be judged is refused.
  if (route.mode === 'shadow') return [{ ...anyRoles, clauses: [] }];
  if (kind !== 'known' && rule.kind !== 'public' && rule.kind !== 'optional') return [];
  const clauses = clausesOf(route, rule, kind, offset);
  const ways = rule.kind === 'roles' ? roleWays(rule.demand, offset, true) : [anyRoles];
  return ways?.map((way) => ({ ...way, clauses })) ?? null;
}

/** Null: too many. */
export function waysToRefuse(place: Place, kind: Caller['kind']): readonly Refusal[] | null {
  const allowed = waysToAllow(place, kind);
  if (allowed === null) return null;
  const { found, offset } = place;
  if (allowed.length === 0 || typeof found === 'string' || 'allow' in found) return [{ ...anyRoles, unmet: null }];
  const { rule, route } = found;
  if (route.mode === 'shadow') return [];
  const ways = rule.kind === 'roles' ? roleWays(rule.demand, offset, false) : [];
  const unmet = clausesOf(route, rule, kind, offset).map((clause) => {
    return { forbidden: clause.exempt, sets: [], unmet: clause };
  });
  return ways === null ? null : [...ways.map((way) => ({ ...way, unmet: null })), ...unmet];
}

function clausesOf(route: Route, rule: AccessRule, kind: Caller['kind'], offset: number): readonly Clause[] {
  const identified = kind === 'known' && rule.kind !== 'public';
  const first = offset + setsOfRule(rule).length;
  return (route.conditions ?? []).map((criterion, index) => {
    const exempt = identified && criterion.unless !== null ? 1n << BigInt(first + index) : 0n;
    return { criterion, places: route, identified, exempt };
  });
}
