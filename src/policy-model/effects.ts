/** What a rule can ever do: an effect that no request and no identity shows is impossible. */
import type { CredentialKind } from '../core/credential/credential.ts';
import type { Authentication } from '../core/identity/authentication.ts';
import type { AccessRule } from '../core/policy/access.ts';
import type { Criterion } from '../core/policy/conditions.ts';
import type { RoleMapping } from '../core/policy/map-roles.ts';
import type { Route } from '../core/routing/route.ts';
import { alwaysHeld, type Mark, marksOf } from './callers.ts';
import { navigation } from './differences.ts';
import { type Destination, type Example, type ExampleCallers, examplesOf } from './example-requests.ts';
import { allowing, anyWay, refusing } from './outcomes.ts';
import { bitsOf, largestFor, Search } from './search.ts';
import { assignments, Budget } from './solve.ts';
import { type Caller, setsOf } from './verdicts.ts';

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

/** Requests that should show the effect, if it can be shown. `paths`: that the route matches. */
export function* examplesOfEffect(
  route: Route,
  rule: AccessRule,
  effect: Effect,
  callers: Callers & ExampleCallers,
  destinations: Iterable<Omit<Destination, 'kinds'>>,
): Generator<Example> {
  const { authentications } = callers;
  const takes = (kind: CredentialKind) => route.credentials.includes(kind);
  const refusesKind = effect.kind === 'refuses' && effect.word === 'credential_kind_not_accepted';
  const other = { sets: [], mapping: null };
  for (const destination of destinations) {
    if (refusesKind) {
      const kinds = authentications.map(({ kind }) => kind).filter((kind) => !takes(kind));
      yield* examplesOf({ kind: 'known', ways: [anyWay], roles: [other, other] }, { ...destination, kinds }, callers);
    } else if (effect.kind === 'signIn') {
      const headers = [...navigation, ...(destination.headers ?? [])];
      const to = { ...destination, headers, kinds: [] };
      yield* examplesOf({ kind: 'anonymous', ways: [anyWay], roles: [other, other] }, to, callers);
    } else {
      const roles = [{ sets: setsOf({ route, rule }), mapping: callers.roleMapping }, other] as const;
      for (const { kind, search } of searchesFor(route, rule, effect, callers, new Budget(maxSteps))) {
        if (kind === 'unresolved') continue;
        yield* examplesOf({ kind, ways: search.ways, roles }, { ...destination, kinds: route.credentials }, callers);
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
  const matching = { route, rule };
  const [own, other] = [
    { sets: setsOf(matching), mapping },
    { sets: [], mapping: null },
  ];
  return callerKinds.flatMap((kind): readonly SearchByKind[] => {
    if (effect.kind === 'allows' && effect.whom !== 'anybody' && (kind === 'known') !== (effect.whom === 'known'))
      return [];
    const ways =
      effect.kind === 'allows' ? allowing({ matching, offset: 0 }, kind) : refusing(route, rule, kind, 0)(effect.word);
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
  const met = criteria.map((criterion) => ({ criterion, places: route, identified: known, exempt: 0n, only: 0n }));
  const [first] = assignments(met, [], { authentications, budget });
  return first !== undefined || budget.exhausted;
}
