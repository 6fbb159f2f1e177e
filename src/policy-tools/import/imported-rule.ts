/** A rule of another tool as one route. The route is denied unless the importer understood the rule exactly. */
import type { PathPattern } from './path-patterns.ts';

/** `any`: one role, or all roles of one entry, is enough. `all`: every role is required. */
export type ImportedAccess =
  | 'public'
  | 'optional'
  | 'authenticated'
  | 'deny'
  | { readonly any: readonly ImportedTerm[]; readonly all: readonly string[] };

export type ImportedTerm = string | { readonly all: readonly string[] };

export interface ImportedRule {
  /** As in the source; later converted to a valid id. */
  readonly name: string;
  readonly place: Place;
  /** Every request that the rule may match. Null: no request that the gateway forwards can match it. */
  readonly pattern: PathPattern | null;
  /** Null: every method. */
  readonly methods: readonly string[] | null;
  readonly access: ImportedAccess;
  /** Origin of the service; null: the source does not specify it. */
  readonly upstream: string | null;
  readonly addPrefix: string;
  /** Texts of the source for a comment above the route. */
  readonly remarks: readonly string[];
  /** Why the route is denied although the source may allow it; null: it is not denied. */
  readonly denied: string | null;
  /** What the source allows but the route does not. */
  readonly stricter: readonly string[];
  /** Closes a gap between other rules; the source has no such rule. */
  readonly added: boolean;
}

/** Defaults for most rules. */
export const plainRule = {
  methods: null,
  upstream: null,
  addPrefix: '',
  remarks: [],
  denied: null,
  stricter: [],
  added: false,
} as const satisfies Partial<ImportedRule>;

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Something that was not imported. `lost`: it does not affect access. */
export interface Leftover extends Place {
  readonly kind: 'denied' | 'stricter' | 'lost';
  readonly what: string;
  readonly why: string;
}

export function deny(rule: ImportedRule, why: string): ImportedRule {
  return { ...rule, access: 'deny', denied: rule.denied ?? why };
}

/** Whether both allow the same callers. */
export function sameDemands(a: ImportedRule, b: ImportedRule): boolean {
  return demandsOf(a) === demandsOf(b);
}

/** Whether one route can represent both. */
export function sameEffect(a: ImportedRule, b: ImportedRule): boolean {
  return sameDemands(a, b) && handlingOf(a) === handlingOf(b);
}

/** How an allowed request is handled, as a key. */
export function handlingOf({ upstream, addPrefix }: ImportedRule): string {
  return JSON.stringify([upstream, addPrefix]);
}

function demandsOf({ access }: ImportedRule): string {
  if (typeof access === 'string') return access;
  return JSON.stringify({ any: access.any.map((term) => JSON.stringify(term)).sort(), all: [...access.all].sort() });
}
