/** What a rule of another tool comes down to: which requests, who may, where to; and what was lost on the way. */
import type { ConditionEntry } from './condition-entry.ts';
import type { PathPattern, PathShape } from './path-shape.ts';

/** Roles are all needed, except `any`, of which one is. */
export type ImportedAccess =
  | 'public'
  | 'optional'
  | 'authenticated'
  | 'deny'
  | { readonly any: readonly string[]; readonly all: readonly string[] };

export interface ImportedRule {
  /** As the source names it; made a fitting id later. */
  readonly name: string;
  readonly place: Place;
  /** Every request that the rule may be about; more than `pattern` where the pattern is not the whole of it. */
  readonly shape: PathShape;
  /** What a route can match of it; null: nothing. */
  readonly pattern: PathPattern | null;
  /** Null: every one. */
  readonly methods: readonly string[] | null;
  readonly access: ImportedAccess;
  readonly when: readonly ConditionEntry[];
  /** Origin of the service; null: the source does not say. */
  readonly upstream: string | null;
  readonly stripPrefix: string;
  readonly addPrefix: string;
  /** Letter case does not count in paths. */
  readonly anyCase: boolean;
  readonly websocket: boolean;
  /** For a comment above the route. */
  readonly remarks: readonly string[];
}

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Something that could not be carried over. */
export interface Leftover extends Place {
  readonly what: string;
  readonly why: string;
}

/** What both allow. */
export function both(a: ImportedAccess, b: ImportedAccess): ImportedAccess {
  if (a === 'deny' || b === 'deny') return 'deny';
  if (a === 'public') return b;
  if (b === 'public') return a;
  if (a === 'optional') return b;
  if (b === 'optional') return a;
  if (a === 'authenticated') return b;
  if (b === 'authenticated') return a;
  const all = unique([...a.all, ...b.all]);
  if (a.any.length === 0 || b.any.length === 0) return { any: a.any.length === 0 ? b.any : a.any, all };
  if (sameNames(a.any, b.any)) return { any: a.any, all };
  if (a.any.length === 1) return { any: b.any, all: unique([...all, ...a.any]) };
  if (b.any.length === 1) return { any: a.any, all: unique([...all, ...b.any]) };
  return 'deny';
}

/** Whether `a` lets in nobody whom `b` keeps out, as far as can be told. */
export function atLeastAsStrict(a: ImportedRule, b: ImportedRule): boolean {
  const joined = both(a.access, b.access);
  const words = new Set(a.when.map((one) => JSON.stringify(one)));
  return a.access === 'deny' || (sameAccess(joined, a.access) && b.when.every((one) => words.has(JSON.stringify(one))));
}

export function sameAccess(a: ImportedAccess, b: ImportedAccess): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return sameNames(a.any, b.any) && sameNames(a.all, b.all);
}

export function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
