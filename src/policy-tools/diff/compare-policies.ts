/**
 * How the decisions of two configurations differ. Every request belongs to a class of target, method, caller and truths of
 * conditions. No class is omitted, and each difference includes a request that both policies have decided. If the search was cut
 * short, or no request shows the difference, it is reported as possible.
 */
import type { Policy } from '../../core/decide.ts';
import type { Authentication } from '../../core/identity/authentication.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import type { RoleDemand } from '../../core/policy/role-demand.ts';
import type { PolicyModel } from '../../policy-model/authentications.ts';
import { byAllowList, choicesOf, holderInWords } from '../../policy-model/callers.ts';
import type { MatchPair } from '../../policy-model/match-pairs.ts';
import { atomsOf, criterionKey } from '../../policy-model/statements.ts';
import { type Matching, routeOf, setsOf } from '../../policy-model/verdicts.ts';
import { type CallerChange, comparePair, type PairChange } from './compare-pair.ts';
import { comparedPairs } from './compared-pairs.ts';
import { type Witness, witnessOf } from './witness.ts';

export interface Difference {
  readonly kind: 'newlyAllowed' | 'newlyRefused';
  readonly method: string;
  /** A request that shows the difference, confirmed by both decisions; null: none was found. */
  readonly witness: Witness | null;
  /** Ids of the routes; null: no route. */
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  /** Why it was or is refused: reasons, and words of conditions. */
  readonly reasons: readonly string[];
  /** The callers that it affects, as minimal sets of marks. */
  readonly callers: readonly CallerClass[];
  /** There may be other combinations of marks. */
  readonly more: boolean;
  /** Statements that affect it. */
  readonly conditions: readonly string[];
  /** No request shows the difference: there were too many classes to try, or no class contains a request. */
  readonly possible: boolean;
}

/** `known`: an identity with one of the names of each mark, or any identity if there are no marks. */
export type CallerClass =
  | { readonly kind: 'anonymous' | 'unresolved' }
  | { readonly kind: 'known'; readonly marks: readonly (readonly string[])[] };

/** Maximum values to try for one caller and one way to be refused. */
const maxTries = 60;

/**
 * `matchPairs`: of the route tables of both policies. Callers are those that a source of one of them can identify. A change of the sources
 * themselves is a change of settings.
 */
export function comparePolicies(
  before: PolicyModel,
  after: PolicyModel,
  matchPairs: Iterable<MatchPair> = comparedPairs(before.routes, after.routes),
): readonly Difference[] {
  const ways = [...before.authentications, ...after.authentications];
  const authentications = [...new Map(ways.map((one) => [JSON.stringify(one), one])).values()];
  const pairs = new Map<string, readonly PairChange[]>();
  const differences = new Map<string, Difference>();
  for (const matchPair of matchPairs) {
    const changes = pairs.get(matchPair.pair) ?? changesOf(matchPair, [before, after], authentications);
    pairs.set(matchPair.pair, changes);
    for (const change of changes) {
      const difference = differenceOf(change, matchPair, [before, after]);
      const { kind, method, routeBefore, routeAfter, reasons } = difference;
      const key = [kind, method, routeBefore, routeAfter, ...reasons].join(' ');
      const known = differences.get(key);
      differences.set(key, known === undefined ? difference : joined(known, difference));
    }
  }
  const position = positionsIn(before, after);
  return [...differences.values()].sort((a, b) => a.kind.localeCompare(b.kind) || position(a) - position(b));
}

/** Merges the differences that one route shows on several of its patterns. */
function joined(one: Difference, other: Difference): Difference {
  const callers = new Map([...one.callers, ...other.callers].map((caller) => [JSON.stringify(caller), caller]));
  return {
    ...one,
    witness: one.witness ?? other.witness,
    callers: [...callers.values()],
    more: one.more || other.more,
    conditions: [...new Set([...one.conditions, ...other.conditions])],
    possible: one.possible && other.possible,
  };
}

/** In the order of the later file. Routes that it does not have come last. */
function positionsIn(before: Policy, after: Policy): (of: Difference) => number {
  const ids = [...after.routes.routes, ...before.routes.routes].map(({ id }) => id);
  const positions = new Map(ids.map((id, index) => [id, index] as const).reverse());
  return ({ routeBefore, routeAfter }) => positions.get(routeAfter ?? routeBefore ?? '') ?? ids.length;
}

function changesOf(
  { before: a, after: b }: MatchPair,
  policies: readonly [Policy, Policy],
  authentications: readonly Authentication[],
): readonly PairChange[] {
  const [before, after] = policies;
  if (meaningOf(a, before.roleMapping) === meaningOf(b, after.roleMapping)) return [];
  return comparePair(a, b, policies, authentications);
}

function differenceOf(
  { kind, callers, fuller, more, cut }: PairChange,
  matchPair: MatchPair,
  policies: readonly [Policy, Policy],
): Difference {
  const witnesses = callers.flatMap((caller) => witnessesOf(caller, matchPair, kind, policies));
  const others = fuller.flatMap((caller) => witnessesOf(caller, matchPair, kind, policies));
  const atoms = [matchPair.before, matchPair.after].flatMap((one) => {
    const route = routeOf(one);
    return route === null ? [] : [...atomsOf(route).values()];
  });
  const witness = witnesses[0] ?? others[0] ?? null;
  return {
    kind,
    method: matchPair.method,
    witness,
    routeBefore: routeOf(matchPair.before)?.id ?? null,
    routeAfter: routeOf(matchPair.after)?.id ?? null,
    reasons: [...new Set([...witnesses, ...others].map(({ reason }) => reason))],
    callers: callers.map(classOf),
    more: more || cut,
    conditions: [...new Set(atoms.map(({ words }) => words))],
    possible: witness === null,
  };
}

/** A request by such a caller for every way to be refused, as far as one exists. */
function witnessesOf(
  { caller, marks, assignmentsByWay }: CallerChange,
  matchPair: MatchPair,
  kind: Difference['kind'],
  policies: readonly [Policy, Policy],
): readonly Witness[] {
  const choices = choicesOf(marks);
  const witnesses: Witness[] = [];
  for (const assignments of assignmentsByWay()) {
    let tries = 0;
    search: for (const assignment of assignments) {
      // The same marks may mean less for the callers of another source.
      for (const by of caller === 'known' ? byAllowList(assignment.by) : [assignment.by]) {
        for (const holders of choices) {
          const witness = witnessOf(matchPair, kind, { caller, holders, assignment: { ...assignment, by } }, policies);
          if (witness !== null) witnesses.push(witness);
          tries += 1;
          if (witness !== null || tries === maxTries) break search;
        }
      }
    }
  }
  return witnesses;
}

function classOf({ caller, marks }: CallerChange): CallerClass {
  if (caller !== 'known') return { kind: caller };
  return { kind: caller, marks: marks.map(({ holders }) => holders.map(holderInWords)) };
}

/** Equal for two results that no caller and no condition can distinguish. No search is then necessary. */
function meaningOf(matching: Matching, mapping: RoleMapping | null): string {
  if (typeof matching === 'string' || 'allow' in matching) return 'refused';
  const { rule, route } = matching;
  const sets = setsOf(matching).map((set) => [...set].sort());
  const origins = (mapping?.origins ?? []).map(({ role, field, values }) => [role, field, ...values]);
  const conditions = (route.conditions ?? []).map((criterion) => [
    criterion.unless === null,
    criterion.only === null,
    criterionKey(criterion, route),
  ]);
  const demand = rule.kind === 'roles' ? shapeOf(rule.demand) : rule.kind;
  return JSON.stringify([demand, sets, sets.length === 0 ? [] : origins, conditions]);
}

/** A demand without its sets of roles. */
function shapeOf(demand: RoleDemand): unknown {
  return 'parts' in demand ? [demand.kind, ...demand.parts.map(shapeOf)] : demand.kind;
}
