/** What a matched rule can do with a caller, and the ways to each outcome. It follows the same steps as `decide`. */
import { reasons } from '../core/outcome/reasons.ts';
import type { AccessRule } from '../core/policy/access.ts';
import { conjunctsOf, leavesOf } from '../core/policy/role-demand.ts';
import type { Route } from '../core/routing/route.ts';
import { anyRoles, clausesOf, setsFor, waysToAllow } from './demands.ts';
import { type RoleWay, roleWays } from './role-ways.ts';
import type { Way } from './search.ts';
import type { Caller, Place } from './verdicts.ts';

export interface Outcome {
  /** Null: allowed. Otherwise a reason, or the author's word of a condition. */
  readonly word: string | null;
  /** Null: too many. */
  readonly ways: readonly Way[] | null;
}

export const anyWay: Way = { ...anyRoles, clauses: [], unmet: [] };

/** `accepted`: whether the route accepts the kind of the caller's credential. */
export function outcomesOf({ matching, offset }: Place, kind: Caller['kind'], accepted: boolean): readonly Outcome[] {
  const always = (word: string): readonly Outcome[] => [{ word, ways: [anyWay] }];
  if (typeof matching === 'string') return always(matching);
  if ('allow' in matching) return always('method_not_allowed');
  const { route, rule } = matching;
  const readsCredential = rule.kind !== 'public' && rule.kind !== 'deny';
  const refusedKind = kind === 'known' && !accepted && readsCredential;
  const anonymous = rule.kind === 'optional' && reasons.credential_kind_not_accepted.status === 401;
  if (refusedKind && !anonymous) return always('credential_kind_not_accepted');
  const caller = refusedKind ? 'anonymous' : kind;
  const allowed = allowing({ matching, offset }, caller);
  const words = new Set([...ruleWords, ...(route.conditions ?? []).map(({ word }) => word)]);
  const refused = refusing(route, rule, caller, offset);
  return [{ word: null, ways: allowed }, ...[...words].map((word) => ({ word, ways: refused(word) }))].filter(
    ({ ways }) => ways === null || ways.length > 0,
  );
}

const ruleWords = ['access_denied', 'auth_unavailable', 'credential_missing', 'role_forbidden', 'role_missing'];

export function allowing(place: Place, kind: Caller['kind']): readonly Way[] | null {
  return waysToAllow(place, kind)?.map((way) => ({ ...way, unmet: [] })) ?? null;
}

/** The ways to a word; null: too many. */
export function refusing(
  route: Route,
  rule: AccessRule,
  kind: Caller['kind'],
  offset: number,
): (word: string) => readonly Way[] | null {
  const allowed = waysToAllow({ matching: { route, rule }, offset }, kind);
  const clauses = clausesOf(route, rule, kind, offset);
  return (word) => {
    const byRule = refusingByRule(rule, kind, word, offset);
    if (allowed === null || byRule === null) return null;
    const byCondition = clauses.flatMap((unmet, at) =>
      unmet.criterion.word !== word
        ? []
        : allowed.map(({ forbidden, sets, clauses: met }): Way => {
            const earlier = new Set(clauses.slice(0, at).map(({ criterion }) => criterion));
            return {
              forbidden: forbidden | unmet.exempt,
              sets: [...sets, ...setsFor(unmet)],
              clauses: met.filter(({ criterion }) => earlier.has(criterion)),
              unmet: [unmet],
            };
          }),
    );
    return [...byRule.map((way): Way => ({ ...way, clauses: [], unmet: [] })), ...byCondition];
  };
}

function refusingByRule(
  rule: AccessRule,
  kind: Caller['kind'],
  word: string,
  offset: number,
): readonly RoleWay[] | null {
  const always = (reason: string) => (word === reason ? [anyRoles] : []);
  if (rule.kind === 'deny') return always('access_denied');
  if (rule.kind === 'public') return [];
  if (rule.kind === 'optional') return kind === 'unresolved' ? always('auth_unavailable') : [];
  if (kind !== 'known') return always('credential_missing');
  if (rule.kind === 'authenticated') return [];
  const leaves = leavesOf(rule.demand);
  const excluded = conjunctsOf(rule.demand).flatMap((part) =>
    part.kind === 'lacks' ? [1n << BigInt(offset + leaves.indexOf(part))] : [],
  );
  if (word === 'role_forbidden') return excluded.map((bit) => ({ forbidden: 0n, sets: [bit] }));
  if (word !== 'role_missing') return [];
  const none = excluded.reduce((bits, bit) => bits | bit, 0n);
  const ways = roleWays(rule.demand, offset, false);
  return ways?.map((way) => ({ ...way, forbidden: way.forbidden | none })) ?? null;
}
