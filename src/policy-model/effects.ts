/** What a rule can ever do: an effect that no request and no identity shows is impossible. */
import type { Authentication } from '../core/identity/authentication.ts';
import type { Identity } from '../core/identity/identity.ts';
import type { AccessRule } from '../core/policy/access.ts';
import type { Criterion } from '../core/policy/conditions.ts';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import { conjunctsOf, leavesOf } from '../core/policy/role-demand.ts';
import type { Route } from '../core/routing/route.ts';
import { alwaysHeld, byAllowList, type Mark, marksOf } from './callers.ts';
import { anyRoles, clausesOf, waysToAllow } from './demands.ts';
import { Values } from './example.ts';
import { type RoleWay, roleWays } from './role-ways.ts';
import { bitsOf, largestFor, Search, toBeMet, type Way } from './search.ts';
import { assignments, Budget } from './solve.ts';
import { type Caller, type Place, setsOf } from './verdicts.ts';

export type Effect =
  | { readonly kind: 'allows'; readonly whom: 'anybody' | 'known' | 'anonymous' }
  /** `word`: a reason, or the author's word of a condition. `policy`: id of the policy whose condition it is. */
  | { readonly kind: 'refuses'; readonly word: string; readonly policy?: string }
  /** A navigation without an accepted credential is redirected to the sign-in page. */
  | { readonly kind: 'signIn' };

/** Who can call. */
export interface Callers {
  readonly roleMapping: RoleMapping | null;
  readonly authentications: readonly Authentication[];
}

/** Maximum search steps for one effect. With more, it counts as possible. */
const maxSteps = 20_000;
const callerKinds = ['anonymous', 'unresolved', 'known'] as const;

/** Whether the rule can ever have this effect. */
export function canShow(route: Route, rule: AccessRule, effect: Effect, callers: Callers): boolean {
  // How callers authenticate is not modeled, so these effects always count as possible.
  if (effect.kind === 'signIn' || (effect.kind === 'refuses' && effect.word === 'credential_kind_not_accepted'))
    return true;
  const budget = new Budget(maxSteps);
  const searches = searchesFor(route, rule, effect, callers, budget);
  return (
    searches.some(({ search, marks }) =>
      search.ways.some((way) => search.isPossibleBy(way, bitsOf(largestFor(way, marks)))),
    ) || budget.exhausted
  );
}

/** A request to the route, and the identity behind its credential; null: it has none. */
export interface Example {
  readonly target: string;
  readonly headers: readonly string[];
  readonly circumstances: ReturnType<Values['circumstances']>;
  readonly identity: Identity | null;
}

/** Maximum examples for one way. */
const maxExamples = 20;

/** Requests that should show the effect, if it can be shown. `path`: one that the route matches. */
export function* examplesOf(
  route: Route,
  rule: AccessRule,
  effect: Effect,
  callers: Callers,
  path: string,
): Generator<Example> {
  const { authentications } = callers;
  for (const { kind, search, marks } of searchesFor(route, rule, effect, callers, new Budget(maxSteps))) {
    if (kind === 'unresolved') continue;
    for (const way of search.ways) {
      const alone = new Search([way], { authentications, budget: new Budget(maxSteps) });
      const held = alone.lessened(largestFor(way, marks));
      if (!alone.isPossible(held)) continue;
      const scope = { authentications, budget: new Budget(maxSteps) };
      for (const assignment of assignments(toBeMet(way, bitsOf(held)), way.unmet, scope).take(maxExamples)) {
        for (const by of kind === 'known' ? byAllowList(assignment.by) : [assignment.by]) {
          const values = new Values(path);
          if (!values.hold(held.map(({ holders }) => holders[0]!)) || !values.assign({ ...assignment, by })) continue;
          const sent = values.path();
          const identity = kind === 'known' ? values.identity(sent, route.credentials) : null;
          if (kind === 'known' && identity === null) continue;
          const { query, headers } = { query: values.query(), headers: values.headers() };
          yield { target: sent + query, headers, circumstances: values.circumstances(), identity };
        }
      }
    }
  }
}

interface SearchByKind {
  readonly kind: Caller['kind'];
  readonly search: Search;
  readonly marks: readonly Mark[];
}

/** One for each kind of caller; the budget is used up if there are too many ways. */
function searchesFor(
  route: Route,
  rule: AccessRule,
  effect: Effect,
  { roleMapping: mapping, authentications }: Callers,
  budget: Budget,
): readonly SearchByKind[] {
  if (effect.kind === 'signIn') return [];
  const found = { route, rule };
  const [own, other] = [
    { sets: setsOf(found), mapping },
    { sets: [], mapping: null },
  ];
  return callerKinds.flatMap((kind): readonly SearchByKind[] => {
    if (effect.kind === 'allows' && effect.whom !== 'anybody' && (kind === 'known') !== (effect.whom === 'known'))
      return [];
    const ways =
      effect.kind === 'allows' ? allowing({ found, offset: 0 }, kind) : refusing(route, rule, kind, effect.word);
    if (ways === null) budget.giveUp();
    const isKnown = kind === 'known';
    const always = isKnown ? alwaysHeld(own, other, authentications) : undefined;
    const search = new Search(ways ?? [], { authentications, budget }, always);
    return [{ kind, search, marks: isKnown ? marksOf(own, other, authentications) : [] }];
  });
}

/** Whether one request can meet all of the conditions; also true if that was not decided. `kinds`: of the callers. */
export function canMeet(
  criteria: readonly Criterion[],
  route: Route,
  known: boolean,
  authentications: readonly Authentication[],
  budget: Budget,
): boolean {
  const met = criteria.map((criterion) => ({ criterion, places: route, identified: known, exempt: 0n }));
  const [first] = assignments(met, null, { authentications, budget });
  return first !== undefined || budget.exhausted;
}

function allowing(place: Place, kind: Caller['kind']): readonly Way[] | null {
  return waysToAllow(place, kind)?.map((way) => ({ ...way, unmet: null })) ?? null;
}

/** Null: too many. */
function refusing(route: Route, rule: AccessRule, kind: Caller['kind'], word: string): readonly Way[] | null {
  const allowed = waysToAllow({ found: { route, rule }, offset: 0 }, kind);
  if (allowed === null) return null;
  const byRule = refusingByRule(rule, kind, word);
  if (byRule === null) return null;
  const clauses = clausesOf(route, rule, kind, 0);
  const byCondition = clauses.flatMap((unmet, at) =>
    unmet.criterion.word !== word
      ? []
      : allowed.map(({ forbidden, sets }): Way => {
          return { forbidden: forbidden | unmet.exempt, sets, clauses: clauses.slice(0, at), unmet };
        }),
  );
  return [...byRule.map((way): Way => ({ ...way, clauses: [], unmet: null })), ...byCondition];
}

function refusingByRule(rule: AccessRule, kind: Caller['kind'], word: string): readonly RoleWay[] | null {
  const always = (reason: string) => (word === reason ? [anyRoles] : []);
  if (rule.kind === 'deny') return always('access_denied');
  if (rule.kind === 'public') return [];
  if (rule.kind === 'optional') return kind === 'unresolved' ? always('auth_unavailable') : [];
  if (kind !== 'known') return always('credential_missing');
  if (rule.kind === 'authenticated') return [];
  const leaves = leavesOf(rule.demand);
  const excluded = conjunctsOf(rule.demand).flatMap((part) =>
    part.kind === 'lacks' ? [1n << BigInt(leaves.indexOf(part))] : [],
  );
  if (word === 'role_forbidden') return excluded.map((bit) => ({ forbidden: 0n, sets: [bit] }));
  if (word !== 'role_missing') return [];
  const none = excluded.reduce((bits, bit) => bits | bit, 0n);
  const ways = roleWays(rule.demand, 0, false);
  return ways?.map((way) => ({ ...way, forbidden: way.forbidden | none })) ?? null;
}
