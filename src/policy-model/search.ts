/** Whether callers with some marks can be allowed or refused in one of several ways. */
import type { Mark } from './callers.ts';
import type { Clause } from './demands.ts';
import type { RoleWay } from './role-ways.ts';
import { assignments, type Scope } from './solve.ts';

/** Roles, conditions that are met, and some that are not. */
export interface Way extends RoleWay {
  readonly clauses: readonly Clause[];
  readonly unmet: readonly Clause[];
}

export class Search {
  readonly ways: readonly Way[];
  readonly #scope: Scope;
  /** Known results, by the clauses that must not be met and those that must. */
  readonly #known = new Map<string, boolean>();
  readonly #ids = new Map<Clause, number>();

  /** `always`: bits that the callers of each authentication always have; unset: the callers have no identity. */
  constructor(ways: readonly Way[], scope: Scope, always: readonly bigint[] = [0n]) {
    this.ways = ways.filter(({ forbidden }) => always.some((bits) => (bits & forbidden) === 0n));
    this.#scope = scope;
  }

  isPossible(marks: readonly Mark[]): boolean {
    const bits = bitsOf(marks);
    return this.ways.some((way) => this.isPossibleBy(way, bits));
  }

  isPossibleBy(way: Way, bits: bigint): boolean {
    if (!fits(way, bits)) return false;
    const met = toBeMet(way, bits);
    if (met.length + way.unmet.length === 0) return true;
    const key = `${this.#keyOf(way.unmet)} ${this.#keyOf(met)}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [first] = assignments(met, way.unmet, this.#scope);
    this.#known.set(key, first !== undefined);
    return first !== undefined;
  }

  #keyOf(clauses: readonly Clause[]): string {
    for (const clause of clauses) if (!this.#ids.has(clause)) this.#ids.set(clause, this.#ids.size);
    return clauses.map((clause) => this.#ids.get(clause)).join();
  }

  /** The marks without those that are not needed. */
  lessened(marks: readonly Mark[]): readonly Mark[] {
    return marks.reduce<readonly Mark[]>((left, mark) => {
      const less = left.filter((other) => other !== mark);
      return this.isPossible(less) ? less : left;
    }, marks);
  }
}

export function fits({ forbidden, sets }: RoleWay, bits: bigint): boolean {
  return (bits & forbidden) === 0n && sets.every((set) => (bits & set) !== 0n);
}

/** The clauses from which such a caller is not exempt. */
export function toBeMet({ clauses }: Way, bits: bigint): readonly Clause[] {
  return clauses.filter(({ exempt }) => (bits & exempt) === 0n);
}

/** All marks that a caller may have in a way. If they are not enough, no subset is. */
export function largestFor({ forbidden }: RoleWay, marks: readonly Mark[]): readonly Mark[] {
  return marks.filter(({ bits }) => (bits & forbidden) === 0n);
}

export function bitsOf(marks: readonly Mark[], except?: Mark): bigint {
  return marks.reduce((bits, mark) => (mark === except ? bits : bits | mark.bits), 0n);
}
