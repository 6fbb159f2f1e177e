/**
 * What two rules that meet decide differently, over every caller and every value that their conditions can tell apart.
 * A change exists if and only if one side can be satisfied while the other refuses in one of its ways, and for each way
 * the caller with all marks that do not spoil it is the one to try: so the work grows with roles times sets, and not with
 * the combinations of roles.
 */
import type { Policy } from '../../core/decide.ts';
import { type Assignment, assignments, Budget } from './assignments.ts';
import { type Mark, marksOf } from './callers.ts';
import { type Demands, demandsOf, type Way, waysToRefuse } from './demands.ts';
import { type Caller, type Found, type Place, setsOf } from './verdicts.ts';

export interface PairChange {
  readonly kind: 'newlyAllowed' | 'newlyRefused';
  /** For whom it is so: anonymous callers, and the least sets of marks. */
  readonly callers: readonly CallerChange[];
  /** For each way to be refused, a caller with all marks that it may have. */
  readonly fuller: readonly CallerChange[];
  /** There may be further least sets of marks than these. */
  readonly more: boolean;
  /** The search was cut short: it may be so for others, too. */
  readonly cut: boolean;
}

export interface CallerChange {
  readonly caller: Caller['kind'];
  /** One of each. */
  readonly marks: readonly Mark[];
  /** Values with which it is so, for every way of the refusal; made as they are asked for. */
  readonly assignmentsByWay: () => Iterable<Iterable<Assignment>>;
}

/** Steps of the search for one pair of rules and one kind of change. */
const mostSteps = 50_000;
/** Of the search for one request that shows it. */
const mostStepsOfExample = 10_000;
/** Sets of marks that are looked at to find the least ones. */
const mostSets = 2_000;
const mostLeast = 24;

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
  const budget = new Budget(mostSteps);
  const callers: CallerChange[] = [];
  for (const caller of ['anonymous', 'unresolved'] as const) {
    const search = searchFor(caller, allowing, refusing, budget);
    if (search?.isPossible([]) === true) callers.push(search.changeFor([]));
  }
  const search = searchFor('known', allowing, refusing, budget);
  if (search === null) return { kind, callers, fuller: [], more: false, cut: budget.exhausted };
  // The most that a caller may have to be refused in a way: if that is not enough, nothing is.
  const largest = search.ways
    .map((way) => ({ way, held: marks.filter(({ bits }) => (bits & (search.demands.forbidden | way.without)) === 0n) }))
    .filter(({ way, held }) => search.isPossibleBy(way, bitsOf(held)));
  const { found, more } = leastSets(marks, largest, search);
  callers.push(...found.map((held) => search.changeFor(held)));
  const fuller = largest.map(({ way, held }) => search.changeFor(held, [way]));
  return { kind, callers, fuller, more, cut: budget.exhausted };
}

/** Null: the side that would have to allow refuses such a caller whatever it has. */
function searchFor(caller: Caller['kind'], allowing: Place, refusing: Place, budget: Budget): Search | null {
  const demands = demandsOf(allowing, caller);
  return demands === null ? null : new Search(caller, demands, waysToRefuse(refusing, caller), budget);
}

class Search {
  readonly demands: Demands;
  readonly ways: readonly Way[];
  readonly #caller: Caller['kind'];
  readonly #budget: Budget;
  readonly #known = new Map<string, boolean>();

  constructor(caller: Caller['kind'], demands: Demands, ways: readonly Way[], budget: Budget) {
    this.#caller = caller;
    this.demands = demands;
    this.ways = ways;
    this.#budget = budget;
  }

  isPossible(held: readonly Mark[]): boolean {
    const bits = bitsOf(held);
    return this.ways.some((way) => this.isPossibleBy(way, bits));
  }

  isPossibleBy(way: Way, bits: bigint): boolean {
    if (!this.#fits(way, bits)) return false;
    const met = this.#toBeMet(bits);
    if (met.length === 0 && way.unmet === null) return true;
    const key = `${this.ways.indexOf(way)} ${met.map((clause) => this.demands.clauses.indexOf(clause)).join()}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [first] = assignments(met, way.unmet, this.#budget);
    this.#known.set(key, first !== undefined);
    return first !== undefined;
  }

  changeFor(marks: readonly Mark[], ways: readonly Way[] = this.ways): CallerChange {
    return { caller: this.#caller, marks, assignmentsByWay: () => this.#assignmentsByWay(ways, bitsOf(marks)) };
  }

  *#assignmentsByWay(ways: readonly Way[], bits: bigint): Generator<Iterable<Assignment>> {
    for (const way of ways) {
      if (this.#fits(way, bits)) yield assignments(this.#toBeMet(bits), way.unmet, new Budget(mostStepsOfExample));
    }
  }

  #fits({ without, having }: Way, bits: bigint): boolean {
    const { forbidden, sets } = this.demands;
    return (
      (bits & (forbidden | without)) === 0n &&
      (having === 0n || (bits & having) !== 0n) &&
      sets.every((set) => (bits & set) !== 0n)
    );
  }

  #toBeMet(bits: bigint): Demands['clauses'] {
    return this.demands.clauses.filter(({ exempt }) => (bits & exempt) === 0n);
  }
}

/** Least sets of marks with which the change is possible, smallest first; `more`: there may be others. */
function leastSets(
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
    if (looked === mostSets || found.length === mostLeast) {
      return { found: found.length > 0 ? found : [lessened(largest[0]!.held, search)], more: true };
    }
    looked += 1;
    const held = [...needed, ...chosen];
    if (found.some((less) => less.every((mark) => held.includes(mark)))) continue;
    if (search.isPossible(held)) found.push(held);
    // Whatever else is possible has more.
    if (chosen.length === 0 && found.length > 0) break;
  }
  return { found, more: false };
}

/** Without the marks that it does not need. */
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
