/**
 * What a matched route demands of a caller, and the ways in which it refuses one: the same line as `decide`, over classes
 * of callers instead of requests. Every refusal is one of these ways, so a change is found by trying them one by one, and
 * nothing has to be gone through that grows with the number of combinations of roles.
 */
import type { Criterion } from '../../core/policy/conditions.ts';
import type { Route } from '../../core/routing/route.ts';
import type { Caller, Place } from './verdicts.ts';

/** A condition with what it reads. */
export interface Clause {
  readonly criterion: Criterion;
  readonly places: Route;
  /** Whether the route reads an identity of the caller. */
  readonly identified: boolean;
  /** Bits that exempt from it. */
  readonly exempt: bigint;
}

export interface Demands {
  /** None of these bits. */
  readonly forbidden: bigint;
  /** At least one bit of each. */
  readonly sets: readonly bigint[];
  /** Each met, unless the caller is exempt. */
  readonly clauses: readonly Clause[];
}

/** One way to be refused. */
export interface Way {
  /** Bits that the caller does not have. */
  readonly without: bigint;
  /** At least one of these; zero: no matter. */
  readonly having: bigint;
  /** Not met; null: no matter. */
  readonly unmet: Clause | null;
}

const always: Way = { without: 0n, having: 0n, unmet: null };

/** Null: the caller is refused whatever it has. */
export function demandsOf({ found, offset }: Place, kind: Caller['kind']): Demands | null {
  if (typeof found === 'string' || 'allow' in found) return null;
  const { rule, route } = found;
  const unresolved = kind === 'unresolved' && rule.kind !== 'public';
  if (rule.kind === 'deny' || unresolved) return null;
  // As in shadow mode: only a caller whose credential could not be judged is refused.
  if (route.mode === 'shadow') return { forbidden: 0n, sets: [], clauses: [] };
  const anonymous = kind !== 'known';
  if (anonymous && rule.kind !== 'public' && rule.kind !== 'optional') return null;
  const bit = (index: number) => 1n << BigInt(offset + index);
  const identified = !anonymous && rule.kind !== 'public';
  const first = rule.kind === 'roles' ? 2 + rule.all.length : 0;
  const clauses = (route.conditions ?? []).map((criterion, index) => {
    const exempt = identified && criterion.unless !== null ? bit(first + index) : 0n;
    return { criterion, places: route, identified, exempt };
  });
  if (rule.kind !== 'roles') return { forbidden: 0n, sets: [], clauses };
  return {
    forbidden: rule.none.size > 0 ? bit(1) : 0n,
    sets: [...(rule.any.size > 0 ? [bit(0)] : []), ...rule.all.map((_, index) => bit(index + 2))],
    clauses,
  };
}

export function waysToRefuse(place: Place, kind: Caller['kind']): readonly Way[] {
  const demands = demandsOf(place, kind);
  if (demands === null) return [always];
  const { forbidden, sets, clauses } = demands;
  return [
    ...(forbidden === 0n ? [] : [{ ...always, having: forbidden }]),
    ...sets.map((set) => ({ ...always, without: set })),
    ...clauses.map((clause) => ({ ...always, without: clause.exempt, unmet: clause })),
  ];
}
