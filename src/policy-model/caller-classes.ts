/**
 * Which truths of several statements are possible together, for callers who are authenticated in different ways: an identity has only the
 * fields that its source gives to its kind of credential.
 */
import type { Authentication } from '../core/identity/authentication.ts';
import { readsOfIdentity } from '../core/policy/conditions.ts';
import type { Atom, Truths } from './statements.ts';
import { type GroupWay, waysOf } from './values.ts';

/** Statements about one value, or a single statement that compares two. */
export interface StatementGroup {
  readonly keys: readonly string[];
  readonly atoms: readonly Atom[];
  /** Null: too many. */
  readonly ways: readonly GroupWay[] | null;
}

/** Callers for whom the statements can have the same truths: all that are authenticated in one of these ways. */
export interface CallerClass {
  readonly by: readonly Authentication[];
  readonly groups: readonly StatementGroup[];
}

/** If the statements read no identity, all callers are one class. Without an authentication that the route accepts, there is no class. */
export function callerClasses(
  atoms: ReadonlyMap<string, Atom>,
  max: number,
  authentications: readonly Authentication[],
): readonly CallerClass[] {
  const groups = [...grouped(atoms).values()].map((group) => ({
    ...group,
    ways: readsIdentity(group) ? undefined : waysOf(group.atoms, max, null),
  }));
  const reading = groups.filter(({ ways }) => ways === undefined);
  if (reading.length === 0) return [{ by: authentications, groups: groups as readonly StatementGroup[] }];
  const kinds = new Set(reading.flatMap((group) => group.atoms.flatMap(({ places }) => places.credentials)));
  const classes = new Map<string, { readonly by: Authentication[]; readonly groups: readonly StatementGroup[] }>();
  for (const one of authentications) {
    if (!kinds.has(one.kind)) continue;
    const own = groups.map((group) => {
      return { ...group, ways: group.ways === undefined ? waysOf(group.atoms, max, one) : group.ways };
    });
    const key = own.map(({ ways }) => ways?.map(({ truths, value }) => [...truths, String(value)]).join());
    const known = classes.get(JSON.stringify(key));
    if (known === undefined) classes.set(JSON.stringify(key), { by: [one], groups: own });
    else known.by.push(one);
  }
  return [...classes.values()];
}

function grouped(
  atoms: ReadonlyMap<string, Atom>,
): ReadonlyMap<string, { readonly keys: readonly string[]; readonly atoms: readonly Atom[] }> {
  const groups = new Map<string, { keys: string[]; atoms: Atom[] }>();
  for (const [key, atom] of atoms) {
    const name = atom.subject ?? `alone ${key}`;
    const group = groups.get(name) ?? { keys: [], atoms: [] };
    groups.set(name, group);
    group.keys.push(key);
    group.atoms.push(atom);
  }
  return groups;
}

function readsIdentity({ atoms }: { readonly atoms: readonly Atom[] }): boolean {
  return readsOfIdentity(atoms.map(({ step }) => step));
}

/** Every combination; null: there are more than `max`. */
export function truthsOf(
  atoms: ReadonlyMap<string, Atom>,
  max: number,
  authentications: readonly Authentication[],
): readonly Truths[] | null {
  const all: Truths[] = [];
  for (const { groups } of callerClasses(atoms, max, authentications)) {
    let combined: readonly Truths[] = [new Map()];
    for (const { keys, ways } of groups) {
      if (ways === null || combined.length * ways.length > max - all.length) return null;
      combined = combined.flatMap((one) =>
        ways.map(({ truths }) => new Map([...one, ...keys.map((key, index) => [key, truths[index]!] as const)])),
      );
    }
    all.push(...combined);
  }
  return all;
}
