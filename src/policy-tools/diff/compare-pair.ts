/**
 * How the decisions of two rules differ for the same requests, over every caller and every value that their conditions can
 * distinguish. A change exists if and only if one rule can be met while the other refuses in one of its ways. For each way it is
 * enough to try the caller with all marks that the way does not forbid. So the work grows with roles times sets, not with the
 * combinations of roles.
 */
import type { Policy } from '../../core/decide.ts';
import type { Authentication } from '../../core/identity/authentication.ts';
import { alwaysHeld, type Mark, marksOf } from '../../policy-model/callers.ts';
import { waysToAllow, waysToRefuse } from '../../policy-model/demands.ts';
import { bitsOf, fits, largestFor, Search, toBeMet, type Way } from '../../policy-model/search.ts';
import { type Assignment, assignments, Budget } from '../../policy-model/solve.ts';
import { type Caller, type Matching, type Place, setsOf } from '../../policy-model/verdicts.ts';

export interface PairChange {
  readonly kind: 'newlyAllowed' | 'newlyRefused';
  /** The callers that the change affects: anonymous callers, and the minimal sets of marks. */
  readonly callers: readonly CallerChange[];
  /** For each way to be refused, a caller with all marks that it may have. */
  readonly fuller: readonly CallerChange[];
  /** There may be further minimal sets of marks. */
  readonly more: boolean;
  /** The search was cut short, so the change may affect other callers, too. */
  readonly cut: boolean;
}

export interface CallerChange {
  readonly caller: Caller['kind'];
  /** One holder of each. */
  readonly marks: readonly Mark[];
  /** Values that show the change, for every way of the refusal; computed on demand. */
  readonly assignmentsByWay: () => Iterable<Iterable<Assignment>>;
}

/** Maximum search steps for one pair of rules and one kind of change. */
const maxSteps = 50_000;
/** Maximum search steps for one request that shows the change. */
const maxStepsOfExample = 10_000;
/** Maximum sets of marks to examine for the minimal ones. */
const maxSets = 2_000;
const maxMinimalSets = 24;

/** Changes of one pair of rules, newly allowed first. `authentications`: of the callers. */
export function comparePair(
  before: Matching,
  after: Matching,
  policies: readonly [Policy, Policy],
  authentications: readonly Authentication[],
): readonly PairChange[] {
  const [setsBefore, setsAfter] = [setsOf(before), setsOf(after)];
  const was = { place: { matching: before, offset: 0 }, sets: setsBefore, mapping: policies[0].roleMapping };
  const is = {
    place: { matching: after, offset: setsBefore.length },
    sets: setsAfter,
    mapping: policies[1].roleMapping,
  };
  const callers: Callers = {
    marks: marksOf(was, is, authentications),
    always: alwaysHeld(was, is, authentications),
    authentications,
  };
  return [
    changeOf('newlyAllowed', is.place, was.place, callers),
    changeOf('newlyRefused', was.place, is.place, callers),
  ].filter(({ callers, cut }) => callers.length > 0 || cut);
}

interface Callers {
  readonly marks: readonly Mark[];
  /** Bits that the callers of each authentication always have. */
  readonly always: readonly bigint[];
  readonly authentications: readonly Authentication[];
}

function changeOf(
  kind: PairChange['kind'],
  allowing: Place,
  refusing: Place,
  { marks, always, authentications }: Callers,
): PairChange {
  const budget = new Budget(maxSteps);
  const scope = { authentications, budget };
  const callers: CallerChange[] = [];
  const changeFor = (caller: Caller['kind'], markSet: readonly Mark[], ways: readonly Way[]): CallerChange => {
    return { caller, marks: markSet, assignmentsByWay: () => assignmentsByWay(ways, bitsOf(markSet), authentications) };
  };
  for (const caller of ['anonymous', 'unresolved'] as const) {
    const search = new Search(waysFor(caller, allowing, refusing, budget), scope);
    if (search.isPossible([])) callers.push(changeFor(caller, [], search.ways));
  }
  const search = new Search(waysFor('known', allowing, refusing, budget), scope, always);
  const largest = search.ways
    .map((way) => ({ way, markSet: largestFor(way, marks) }))
    .filter(({ way, markSet }) => search.isPossibleBy(way, bitsOf(markSet)));
  const { sets, more } = minimalSets(marks, largest, search);
  callers.push(...sets.map((markSet) => changeFor('known', markSet, search.ways)));
  const fuller = largest.map(({ way, markSet }) => changeFor('known', markSet, [way]));
  return { kind, callers, fuller, more, cut: budget.exhausted };
}

function* assignmentsByWay(
  ways: readonly Way[],
  bits: bigint,
  authentications: readonly Authentication[],
): Generator<Iterable<Assignment>> {
  for (const way of ways) {
    if (!fits(way, bits)) continue;
    yield assignments(toBeMet(way, bits), way.unmet, { authentications, budget: new Budget(maxStepsOfExample) });
  }
}

/** Maximum ways for one kind of caller. Exceeding it counts as exhausting the budget. */
const maxWays = 4_096;

/** Ways to be allowed by one rule and refused by the other. */
function waysFor(caller: Caller['kind'], allowing: Place, refusing: Place, budget: Budget): readonly Way[] {
  const [allowed, refused] = [waysToAllow(allowing, caller), waysToRefuse(refusing, caller)];
  if (allowed?.length === 0 || refused?.length === 0) return [];
  if (allowed === null || refused === null || allowed.length * refused.length > maxWays) {
    budget.giveUp();
    return [];
  }
  return allowed.flatMap(({ clauses, forbidden, sets }) =>
    refused.map((way): Way => {
      return { clauses, unmet: way.unmet, forbidden: forbidden | way.forbidden, sets: [...sets, ...way.sets] };
    }),
  );
}

/** Minimal sets of marks that make the change possible, smallest first. `more`: there may be others. */
function minimalSets(
  marks: readonly Mark[],
  largest: readonly { readonly way: Way; readonly markSet: readonly Mark[] }[],
  search: Search,
): { readonly sets: readonly (readonly Mark[])[]; readonly more: boolean } {
  if (largest.length === 0) return { sets: [], more: false };
  const isNeeded = (mark: Mark) => !largest.some(({ way, markSet }) => search.isPossibleBy(way, bitsOf(markSet, mark)));
  const needed = marks.filter(isNeeded);
  const optional = marks.filter(
    (mark) => !needed.includes(mark) && largest.some(({ markSet }) => markSet.includes(mark)),
  );
  const sets: (readonly Mark[])[] = [];
  let looked = 0;
  for (const chosen of subsetsBySize(optional)) {
    if (looked === maxSets || sets.length === maxMinimalSets) {
      return { sets: sets.length > 0 ? sets : [search.lessened(largest[0]!.markSet)], more: true };
    }
    looked += 1;
    const markSet = [...needed, ...chosen];
    if (sets.some((less) => less.every((mark) => markSet.includes(mark)))) continue;
    if (search.isPossible(markSet)) sets.push(markSet);
    // Any other possible set is larger.
    if (chosen.length === 0 && sets.length > 0) break;
  }
  return { sets, more: false };
}

function* subsetsBySize<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let size = 0; size <= all.length; size += 1) yield* subsetsOf(all, size, 0);
}

function* subsetsOf<T>(all: readonly T[], size: number, from: number): Generator<readonly T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let at = from; at <= all.length - size; at += 1) {
    for (const rest of subsetsOf(all, size - 1, at + 1)) yield [all[at]!, ...rest];
  }
}
