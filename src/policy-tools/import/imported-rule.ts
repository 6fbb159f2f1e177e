/** What a rule of another tool comes down to here: one route, which is denied unless the rule was understood exactly. */
import type { ConditionEntry } from './condition-entry.ts';
import type { PathPattern } from './path-patterns.ts';

/** Of `any` one role, or all roles of one entry, are needed; of `all` each. */
export type ImportedAccess =
  | 'public'
  | 'optional'
  | 'authenticated'
  | 'deny'
  | { readonly any: readonly ImportedTerm[]; readonly all: readonly string[] };

export type ImportedTerm = string | { readonly all: readonly string[] };

export interface ImportedRule {
  /** As the source names it; made a fitting id later. */
  readonly name: string;
  readonly place: Place;
  /** Every request that the rule may match. Null: no request that the gateway forwards can match it. */
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
  /** Words of the source, for a comment above the route. */
  readonly remarks: readonly string[];
  /** Why it is denied although the source may allow it; null: it is not. */
  readonly denied: string | null;
  /** What the source allows and the route does not. */
  readonly stricter: readonly string[];
  /** It closes a gap between other rules, and is none of the source. */
  readonly added: boolean;
}

/** What most rules have. */
export const plainRule = {
  methods: null,
  when: [],
  upstream: null,
  stripPrefix: '',
  addPrefix: '',
  anyCase: false,
  websocket: false,
  remarks: [],
  denied: null,
  stricter: [],
  added: false,
} as const satisfies Partial<ImportedRule>;

export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Something that was not carried over. `lost`: it has no bearing on who may. */
export interface Leftover extends Place {
  readonly kind: 'denied' | 'stricter' | 'lost';
  readonly what: string;
  readonly why: string;
}

export function deny(rule: ImportedRule, why: string): ImportedRule {
  return { ...rule, access: 'deny', when: [], denied: rule.denied ?? why };
}

/** Whether both let in the same callers. */
export function sameDemands(a: ImportedRule, b: ImportedRule): boolean {
  return demandsOf(a) === demandsOf(b);
}

/** Whether one route can stand for both. */
export function sameEffect(a: ImportedRule, b: ImportedRule): boolean {
  return sameDemands(a, b) && handlingOf(a) === handlingOf(b);
}

/** What is done with an allowed request, as a key. */
export function handlingOf({ upstream, stripPrefix, addPrefix, anyCase, websocket }: ImportedRule): string {
  return JSON.stringify([upstream, stripPrefix, addPrefix, anyCase, websocket]);
}

function demandsOf({ access, when }: ImportedRule): string {
  const rule =
    typeof access === 'string'
      ? access
      : { any: access.any.map((term) => JSON.stringify(term)).sort(), all: [...access.all].sort() };
  return JSON.stringify([rule, when]);
}
