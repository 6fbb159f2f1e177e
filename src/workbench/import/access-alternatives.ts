/** Several ways in, each with names that are all needed, as one rule: never more open than any of them. */
import { type ImportedAccess, unique } from './imported-rule.ts';

const roleName = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/;

/** `loss`: what became stricter. At least one alternative. */
export function alternativesOf(alternatives: readonly (readonly string[])[]): {
  readonly access: ImportedAccess;
  readonly loss: string | null;
} {
  const sets = alternatives.map((names) => unique(names).sort());
  const names = unique(sets.flat());
  const bad = names.find((name) => !roleName.test(name));
  if (bad !== undefined)
    return { access: 'deny', loss: `denied, because ${JSON.stringify(bad)} cannot be the name of a role` };
  if (names.length === 0) return { access: 'authenticated', loss: null };
  const distinct = unique(sets.map((set) => JSON.stringify(set)));
  if (distinct.length === 1) return { access: { any: [], all: names }, loss: null };
  if (sets.every((set) => set.length === 1)) return { access: { any: names, all: [] }, loss: null };
  return {
    access: { any: [], all: names },
    loss: `it has several ways in with different demands; the roles of all of them are asked for (${names.join(', ')})`,
  };
}
