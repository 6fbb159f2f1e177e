/**
 * How the decisions of two rules differ for the same requests, over every caller and every value that their conditions can
 * distinguish. A change exists if and only if one rule can be met while the other refuses in one of its ways. For each way it is
 * enough to try the caller with all marks that the way does not forbid. So the work grows with roles times sets, not with the
 * combinations of roles.
 */
import type { Policy } from '../../core/decide.ts';
import { type Mark, marksOf } from '../../policy-model/callers.ts';
import { type Clause, waysToAllow, waysToRefuse } from '../../policy-model/demands.ts';
import type { RoleWay } from '../../policy-model/role-ways.ts';
import { type Assignment, assignments, Budget } from '../../policy-model/solve.ts';
import { type Caller, type Found, type Place, setsOf } from '../../policy-model/verdicts.ts';

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

/** Changes of one meeting of rules, newly allowed first. */
export function comparePair(before: Found, after: Found, policies: readonly [Policy, Policy]): readonly PairChange[] {
  const [setsBefore, setsAfter] = [setsOf(before), setsOf(after)];
  const marks = marksOf(
    { sets: setsBefore, mapping: policies[0].roleMapping },
    { sets: setsAfter, mapping: policies[1].roleMapping },
  );
  const was: Place = { found: before, offset: 0 };
  const is: Place = { found: after, offset: setsBefore.length };
  return [changeOf('newlyAllowed', is, was, marks), changeOf('newlyRefused', was, is, marks)].filter(
    ({ callers, cut }) => callers.length > 0 || cut,
  );
}

function changeOf(kind: PairChange['kind'], allowing: Place, refusing: Place, marks: readonly Mark[]): PairChange {
  const budget = new Budget(maxSteps);
  const callers: CallerChange[] = [];
  for (const caller of ['anonymous', 'unresolved'] as const) {
    const search = searchFor(caller, allowing, refusing, budget);
    if (search.isPossible([])) callers.push(search.changeFor([]));
  }
  const search = searchFor('known', allowing, refusing, budget);
  // All marks that a caller may have and still be refused in a way. If they are not enough, no subset is.
  const largest = search.ways
    .map((way) => ({ way, held: marks.filter(({ bits }) => (bits & way.forbidden) === 0n) }))
    .filter(({ way, held }) => search.isPossibleBy(way, bitsOf(held)));
  const { found, more } = minimalSets(marks, largest, search);
  callers.push(...found.map((held) => search.changeFor(held)));
  const fuller = largest.map(({ way, held }) => search.changeFor(held, [way]));
  return { kind, callers, fuller, more, cut: budget.exhausted };
}

/** A way to be allowed by one rule and refused by the other. */
interface Way extends RoleWay {
  readonly clauses: readonly Clause[];
  readonly unmet: Clause | null;
}

/** Maximum ways for one kind of caller. Exceeding it counts as exhausting the budget. */
const maxWays = 4_096;

function searchFor(caller: Caller['kind'], allowing: Place, refusing: Place, budget: Budget): Search {
  const [allowed, refused] = [waysToAllow(allowing, caller), waysToRefuse(refusing, caller)];
  if (allowed?.length === 0 || refused?.length === 0) return new Search(caller, [], budget);
  if (allowed === null || refused === null || allowed.length * refused.length > maxWays) {
    budget.giveUp();
    return new Search(caller, [], budget);
  }
  const ways = allowed.flatMap(({ clauses, forbidden, sets }) =>
    refused.map((way): Way => {
      return { clauses, unmet: way.unmet, forbidden: forbidden | way.forbidden, sets: [...sets, ...way.sets] };
    }),
  );
  return new Search(caller, ways, budget);
}

class Search {
  readonly ways: readonly Way[];
  readonly #caller: Caller['kind'];
  readonly #budget: Budget;
  /** Known results, by the clause that must not be met and those that must. */
  readonly #known = new Map<Clause | null, Map<string, boolean>>();

  constructor(caller: Caller['kind'], ways: readonly Way[], budget: Budget) {
    this.#caller = caller;
    this.ways = ways;
    this.#budget = budget;
  }

  isPossible(held: readonly Mark[]): boolean {
    const bits = bitsOf(held);
    return this.ways.some((way) => this.isPossibleBy(way, bits));
  }

  isPossibleBy(way: Way, bits: bigint): boolean {
    if (!fits(way, bits)) return false;
    const met = toBeMet(way, bits);
    if (met.length === 0 && way.unmet === null) return true;
    const known = this.#known.get(way.unmet) ?? new Map<string, boolean>();
    this.#known.set(way.unmet, known);
    const key = met.map(({ criterion }) => way.clauses.findIndex((one) => one.criterion === criterion)).join();
    const before = known.get(key);
    if (before !== undefined) return before;
    const [first] = assignments(met, way.unmet, this.#budget);
    known.set(key, first !== undefined);
    return first !== undefined;
  }

  changeFor(marks: readonly Mark[], ways: readonly Way[] = this.ways): CallerChange {
    return { caller: this.#caller, marks, assignmentsByWay: () => this.#assignmentsByWay(ways, bitsOf(marks)) };
  }

  *#assignmentsByWay(ways: readonly Way[], bits: bigint): Generator<Iterable<Assignment>> {
    for (const way of ways) {
      if (fits(way, bits)) yield assignments(toBeMet(way, bits), way.unmet, new Budget(maxStepsOfExample));
    }
  }
}

function fits({ forbidden, sets }: RoleWay, bits: bigint): boolean {
  return (bits & forbidden) === 0n && sets.every((set) => (bits & set) !== 0n);
}

function toBeMet({ clauses }: Way, bits: bigint): readonly Clause[] {
  return clauses.filter(({ exempt }) => (bits & exempt) === 0n);
}

/** Minimal sets of marks that make the change possible, smallest first. `more`: there may be others. */
function minimalSets(
  marks: readonly Mark[],
  largest: readonly { readonly way: Way; readonly held: readonly Mark[] }[],
  search: Search,
): { readonly found: readonly (readonly Mark[])[]; readonly more: boolean } {
  if (largest.length === 0) return { found: [], more: false };
  const isNeeded = (mark: Mark) => !largest.some(({ way, held }) => search.isPossibleBy(way, bitsOf(held, mark)));
  const needed = marks.filter(isNeeded);
  const optional = marks.filter((mark) => !needed.includes(mark) && largest.some(({ held }) => held.includes(mark)));
  const found: (readonly Mark[])[] = [];
  let looked = 0;
  for (const chosen of subsetsBySize(optional)) {
    if (looked === maxSets || found.length === maxMinimalSets) {
      return { found: found.length > 0 ? found : [lessened(largest[0]!.held, search)], more: true };
    }
    looked += 1;
    const held = [...needed, ...chosen];
    if (found.some((less) => less.every((mark) => held.includes(mark)))) continue;
    if (search.isPossible(held)) found.push(held);
    // Any other possible set is larger.
    if (chosen.length === 0 && found.length > 0) break;
  }
  return { found, more: false };
}

/** Drops the marks that are not needed. */
function lessened(held: readonly Mark[], search: Search): readonly Mark[] {
  return held.reduce<readonly Mark[]>((left, mark) => {
    const less = left.filter((other) => other !== mark);
    return search.isPossible(less) ? less : left;
  }, held);
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

function bitsOf(marks: readonly Mark[], except?: Mark): bigint {
  return marks.reduce((bits, mark) => (mark === except ? bits : bits | mark.bits), 0n);
}
