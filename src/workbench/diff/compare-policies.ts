/**
 * What two configurations decide differently. Every request lies in a class of target, method, caller and truths of
 * conditions; classes are finite, each is decided under both, and none is left out. Where there are too many to go
 * through, or paths are read in another way, the difference is reported as possible.
 */
import type { Policy } from '../../core/decide.ts';
import type { RoleMapping } from '../../core/policy/map-roles.ts';
import { type Atom, atomsOf, criterionKey } from './atoms.ts';
import { type Mark, marksOf } from './callers.ts';
import { type Meeting, meetingsOf } from './meetings.ts';
import type { Target } from './path-classes.ts';
import { truthsOf } from './truths.ts';
import { type Caller, type Found, type Place, routeOf, setsOf, verdictOf } from './verdicts.ts';

export interface Difference {
  readonly kind: 'newlyAllowed' | 'newlyRefused';
  readonly method: string;
  readonly example: Target;
  /** Ids of the routes; null: none. */
  readonly routeBefore: string | null;
  readonly routeAfter: string | null;
  /** Why it was or is refused: reasons and words of conditions. */
  readonly reasons: readonly string[];
  /** Least sets of marks with which it is so; an empty one: any identity. */
  readonly callers: readonly CallerClass[];
  /** Statements that bear on it. */
  readonly conditions: readonly string[];
  /** Too many classes to go through: it may be so. */
  readonly possible: boolean;
}

export type CallerClass =
  | { readonly kind: 'nobody' | 'unreadable' }
  | { readonly kind: 'known'; readonly marks: readonly (readonly string[])[] };

/** Classes of one pair of rules that are gone through. */
const mostClasses = 200_000;

/** `meetings` of the tables of routes of both. */
export function comparePolicies(
  before: Policy,
  after: Policy,
  meetings: Iterable<Meeting> = meetingsOf(before.routes, after.routes),
): readonly Difference[] {
  const pairs = new Map<Found, Map<Found, readonly Omit<Difference, 'method' | 'example'>[]>>();
  const found = new Map<string, Difference>();
  for (const { method, target, before: a, after: b } of meetings) {
    const known = pairs.get(a)?.get(b);
    const differences = known ?? comparePair(a, b, before, after);
    if (known === undefined) pairs.set(a, (pairs.get(a) ?? new Map()).set(b, differences));
    for (const difference of differences) {
      const { kind, routeBefore, routeAfter, reasons } = difference;
      const key = [kind, method, routeBefore, routeAfter, ...reasons].join(' ');
      if (!found.has(key)) found.set(key, { ...difference, method, example: target });
    }
  }
  const all = [...found.values()];
  return [...all.filter(({ kind }) => kind === 'newlyAllowed'), ...all.filter(({ kind }) => kind === 'newlyRefused')];
}

function comparePair(
  a: Found,
  b: Found,
  before: Policy,
  after: Policy,
): readonly Omit<Difference, 'method' | 'example'>[] {
  if (meaningOf(a, before.roleMapping) === meaningOf(b, after.roleMapping)) return [];
  const [setsA, setsB] = [setsOf(a), setsOf(b)];
  const marks = marksOf({ sets: setsA, mapping: before.roleMapping }, { sets: setsB, mapping: after.roleMapping });
  const atoms = new Map([...atomsIn(a), ...atomsIn(b)]);
  const conditions = [...new Set([...atoms.values()].map(({ words }) => words))];
  const places: readonly [Place, Place] = [
    { found: a, offset: 0 },
    { found: b, offset: setsA.length },
  ];
  const routes = { routeBefore: routeOf(a)?.id ?? null, routeAfter: routeOf(b)?.id ?? null };
  const truths = truthsOf(atoms, mostClasses / 2 ** marks.length);
  if (truths === null) {
    const both = ['newlyAllowed', 'newlyRefused'] as const;
    return both.map((kind) => ({
      kind,
      ...routes,
      reasons: [],
      callers: [],
      conditions,
      possible: true,
    }));
  }
  const seen = { newlyAllowed: new Changes(), newlyRefused: new Changes() };
  for (const [caller, held] of callersOf(marks)) {
    for (const truth of truths) {
      const [was, is] = places.map((place) => verdictOf(place, caller, truth)) as [string | null, string | null];
      if ((was === null) === (is === null)) continue;
      seen[is === null ? 'newlyAllowed' : 'newlyRefused'].add(caller, held, (was ?? is)!);
    }
  }
  return (['newlyAllowed', 'newlyRefused'] as const).flatMap((kind) => {
    const { reasons, callers } = seen[kind];
    if (reasons.size === 0) return [];
    return [{ kind, ...routes, reasons: [...reasons], callers: callers(), conditions, possible: false }];
  });
}

/** The same for two answers between which no caller and no condition can tell: then no class has to be gone through. */
function meaningOf(found: Found, mapping: RoleMapping | null): string {
  if (typeof found === 'string' || 'allow' in found) return 'refused';
  const { rule, route } = found;
  const sets = setsOf(found).map((set) => [...set].sort());
  const origins = (mapping?.origins ?? []).map(({ role, field, values }) => [role, field, ...values]);
  const conditions = (route.conditions ?? []).map((criterion) => [
    criterion.unless === null,
    criterionKey(criterion, route),
  ]);
  return JSON.stringify([rule.kind, route.mode, sets, sets.length === 0 ? [] : origins, conditions]);
}

function atomsIn(found: Found): ReadonlyMap<string, Atom> {
  const route = routeOf(found);
  return route === null ? new Map() : atomsOf(route);
}

/** Nobody, the unreadable, and every union of marks; a mark is one bit of `held`. */
function* callersOf(marks: readonly Mark[]): Generator<readonly [Caller, held: readonly Mark[]]> {
  yield [{ kind: 'nobody' }, []];
  yield [{ kind: 'unreadable' }, []];
  for (let mask = 0; mask < 2 ** marks.length; mask += 1) {
    const held = marks.filter((_, index) => (mask & (1 << index)) !== 0);
    yield [{ kind: 'known', bits: held.reduce((bits, mark) => bits | mark.bits, 0n) }, held];
  }
}

/** Collects who is concerned, and keeps the least sets of marks. */
class Changes {
  readonly reasons = new Set<string>();
  readonly #others = new Set<'nobody' | 'unreadable'>();
  readonly #known: (readonly Mark[])[] = [];

  add(caller: Caller, held: readonly Mark[], reason: string): void {
    this.reasons.add(reason);
    if (caller.kind !== 'known') this.#others.add(caller.kind);
    // Masks grow, so a set that another one lies within came before it.
    else if (!this.#known.some((less) => less.every((mark) => held.includes(mark)))) this.#known.push(held);
  }

  readonly callers = (): readonly CallerClass[] => [
    ...[...this.#others].map((kind) => ({ kind })),
    ...this.#known.map((held) => ({ kind: 'known' as const, marks: held.map(({ names }) => names) })),
  ];
}
