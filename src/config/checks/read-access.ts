/**
 * Reads `access` of routes: checked, compiled, and with what other checks of a route ask of it. Rules that are equal are
 * one: thousands of routes say the same few things, and each is checked and resolved once.
 */
import type { RouteAccess } from '../../core/policy/access.ts';
import { type AccessSource, compileRouteAccess } from '../../core/policy/compile-access.ts';
import type { AccessEntry } from '../schema/access.ts';
import type { Parts } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { type Access, checkAccess, hasPublic, isPublic } from './check-access.ts';
import type { DeclaredRoles } from './check-roles.ts';

export interface ReadAccess {
  readonly source: Access;
  readonly compiled: RouteAccess;
  /** No method needs a credential. */
  readonly isPublic: boolean;
  /** Some method reads no credential. */
  readonly hasPublic: boolean;
}

/** Null: there is no rule, or a problem with it. `owner`: the route, or the defaults, whose `access` it is. */
export type AccessReader = (entry: Parts<AccessEntry> | undefined, owner: Path, check: Check) => ReadAccess | null;

export function createAccessReader(roles: DeclaredRoles): AccessReader {
  const table = roles ?? new Map<string, readonly string[]>();
  const known = new Map<string, ReadAccess>();
  /** Of rules with the same words, which are one value. */
  const sameWords = new Map<unknown, ReadAccess>();
  const readNew = (entry: Parts<AccessEntry>, owner: Path, check: Check): ReadAccess | null => {
    // Of a file with problems parts can be missing, and what is left may look like another rule.
    const key = check.faultless() ? keyOf(entry) : null;
    const before = key === null ? undefined : known.get(key);
    if (before !== undefined) return before;
    const source = checkAccess(entry, [...owner, 'access'], roles, check);
    if (source === null) return null;
    const read = readAccess(source, table);
    if (key !== null && check.faultless()) known.set(key, read);
    return read;
  };
  return (entry, owner, check) => {
    if (entry === undefined) return null;
    const before = sameWords.get(entry);
    if (before !== undefined) return before;
    const read = readNew(entry, owner, check);
    if (read !== null && check.faultless()) sameWords.set(entry, read);
    return read;
  };
}

/** The same text for rules that are equal, and for no others: no name has a bracket, a blank, "=" or ";" in it. */
function keyOf(entry: Parts<AccessEntry> | undefined): string {
  if (typeof entry !== 'object') return String(entry);
  if (Array.isArray(entry)) return `[${entry.join(' ')}]`;
  let key = '{';
  for (const name in entry) key += `${name}=${keyOf((entry as Readonly<Record<string, AccessEntry>>)[name])};`;
  return `${key}}`;
}

/** The rule of routes that have none, when `defaults.access` has a problem. */
export const denied: ReadAccess = readAccess('deny', new Map());

function readAccess(source: Access, roles: ReadonlyMap<string, readonly string[]>): ReadAccess {
  const compiled = compileRouteAccess(source as AccessSource | ReadonlyMap<string, AccessSource>, roles);
  return { source, compiled, isPublic: isPublic(source), hasPublic: hasPublic(source) };
}
