/**
 * Values of a request and an identity that meet some conditions and fail others. The search goes through the truths of their
 * statements condition by condition, so conditions about different values cost their sum, not their product. It is bounded and
 * reports when it gave up.
 */
import type { Authentication } from '../core/identity/authentication.ts';
import type { Truth } from '../core/policy/conditions.ts';
import { callerClasses, type StatementGroup } from './caller-classes.ts';
import type { Clause } from './demands.ts';
import type { SampleValue } from './samples/sample-value.ts';
import { type Atom, atomsOf, type Truths, truthUnder, truthWithoutIdentity } from './statements.ts';

/** Steps of a search, shared by all searches for one pair of rules. */
export class Budget {
  #left: number;

  readonly #steps: number;

  constructor(steps: number) {
    this.#steps = steps;
    this.#left = steps;
  }

  get spent(): number {
    return this.#steps - Math.max(this.#left, 0);
  }

  /** False: the budget is used up. */
  spend(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }

  giveUp(): void {
    this.#left = -1;
  }

  get exhausted(): boolean {
    return this.#left < 0;
  }
}

/** Who can be a caller, and how long to search. */
export interface Scope {
  readonly authentications: readonly Authentication[];
  readonly budget: Budget;
}

export interface Assignment {
  readonly truths: Truths;
  /** Ways in which the caller can be authenticated. */
  readonly by: readonly Authentication[];
  /** Each statement or group with the value that gives it this truth; undefined: it compares two values. */
  readonly values: readonly { readonly atom: Atom; readonly truth: Truth; readonly value: SampleValue | undefined }[];
}

/** Maximum ways of a single value. With more, the search gives up. */
const maxWays = 10_000;

/** Ends early when the budget is used up, so an empty result means "none" only if the budget is not exhausted. */
export function* assignments(met: readonly Clause[], unmet: readonly Clause[], scope: Scope): Generator<Assignment> {
  const goals = [
    ...unmet.map((clause) => ({ clause, wanted: false })),
    ...met.map((clause) => ({ clause, wanted: true })),
  ];
  // Otherwise the search would retry an unreachable goal for every choice of the others.
  if (goals.length > 1) {
    for (const goal of goals) {
      const [alone] = search([goal], scope);
      if (alone === undefined) return;
    }
  }
  yield* search(goals, scope);
}

interface Goal {
  readonly clause: Clause;
  readonly wanted: boolean;
}

function* search(goals: readonly Goal[], { authentications, budget }: Scope): Generator<Assignment> {
  const owned = goals.map(({ clause }) => statementsOf(clause));
  const atoms = new Map(owned.flatMap((own) => [...own]));
  for (const { by, groups } of callerClasses(atoms, maxWays, authentications)) {
    yield* reach(planOf(goals, owned, groups), 0, 0, { by, truths: new Map(), values: [] }, budget);
  }
}

/** Each goal with the values that it needs in addition to those of earlier goals. */
function planOf(
  goals: readonly Goal[],
  owned: readonly ReadonlyMap<string, Atom>[],
  groups: readonly StatementGroup[],
): Plan {
  return goals.map((goal, index) => {
    const keys = owned[index]!;
    const earlier = owned.slice(0, index);
    const isNew = (group: StatementGroup) =>
      group.keys.some((key) => keys.has(key)) && !group.keys.some((key) => earlier.some((before) => before.has(key)));
    return { ...goal, groups: groups.filter(isNew) };
  });
}

type Plan = readonly (Goal & { readonly groups: readonly StatementGroup[] })[];

/** The choices so far; changed while descending and restored while returning. */
interface Choice {
  readonly by: Assignment['by'];
  readonly truths: Map<string, Truth>;
  readonly values: Assignment['values'][number][];
}

/** Chooses the values that goal `at` needs, checks it, and continues with the next. */
function* reach(plan: Plan, at: number, chosen: number, choice: Choice, budget: Budget): Generator<Assignment> {
  const { by, truths, values } = choice;
  const goal = plan[at];
  if (goal === undefined) {
    yield { by, truths: new Map(truths), values: [...values] };
    return;
  }
  const group = goal.groups[chosen];
  if (group === undefined) {
    if (isMet(goal.clause, truths) === goal.wanted) yield* reach(plan, at + 1, 0, choice, budget);
    return;
  }
  const { keys, atoms, ways } = group;
  // Exceeding the maximum counts as exhausting the budget.
  if (ways === null) budget.giveUp();
  for (const way of ways ?? []) {
    if (!budget.spend()) return;
    for (const [index, key] of keys.entries()) truths.set(key, way.truths[index]!);
    values.push({ atom: atoms[0]!, truth: way.truths[0]!, value: way.value });
    yield* reach(plan, at, chosen + 1, choice, budget);
    values.pop();
  }
  for (const key of keys) truths.delete(key);
}

function isMet({ criterion, places, identified }: Clause, truths: Truths): boolean {
  return truthUnder(criterion.steps, 0, { places, truths, identified }) === 'met';
}

/** Without an identity, omits the statements that are then settled. */
function statementsOf({ criterion, places, identified }: Clause): ReadonlyMap<string, Atom> {
  const atoms = atomsOf(places, [criterion]);
  return identified ? atoms : new Map([...atoms].filter(([, { step }]) => truthWithoutIdentity(step) === null));
}
