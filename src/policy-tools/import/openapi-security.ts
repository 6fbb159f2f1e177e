/**
 * `security` of an operation. The Auth API replaces one security scheme of the document. Access by that scheme is imported,
 * with scopes as roles; access by any other scheme is dropped.
 */
import type { ImportedAccess } from './imported-rule.ts';
import { entriesOf, isMapping, listOf, textsOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

export interface Demand {
  readonly access: ImportedAccess;
  readonly denied: string | null;
  readonly stricter: readonly string[];
}

export interface SchemeChoice {
  /** Null: no scheme. */
  readonly auth: string | null;
  /** Why another scheme is denied. */
  readonly others: string;
  readonly declared: ReadonlySet<string>;
}

const roleName = /^[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,127}$/;

/** Names of the schemes in a list of requirements. */
export function schemesIn(security: SourceNode | undefined): readonly string[] {
  return listOf(security).flatMap((alternative) => entriesOf(alternative).map(([name]) => name));
}

/** `node`: of the operation, or else of the document. */
export function readSecurity(node: SourceNode | undefined, schemes: SchemeChoice): Demand {
  if (node === undefined) return denied('no "security" applies to it; "security: []" would make it public');
  if (!Array.isArray(node.value)) return denied('"security" is not a list');
  const alternatives = listOf(node);
  if (alternatives.some((one) => !isMapping(one)))
    return denied('"security" contains something that is not a requirement');
  const entries = alternatives.map(entriesOf);
  const stricter: string[] = [];
  const scopes = entries.flatMap((needed): (readonly string[])[] => {
    if (needed.length === 0) return [];
    const read = scopesOf(needed, schemes);
    if (typeof read !== 'string') return [read];
    stricter.push(`an alternative is omitted: ${read}`);
    return [];
  });
  if (entries.length === 0) return { access: 'public', denied: null, stricter: [] };
  if (entries.some((needed) => needed.length === 0)) {
    // The service receives the caller's identity if it is known.
    return { access: scopes.length === 0 ? 'public' : 'optional', denied: null, stricter: [] };
  }
  const [first] = scopes;
  if (first === undefined) return denied(stricter[0]!.replace(/^an alternative is omitted: /, ''));
  const access = anyOf(scopes);
  return access === null ? denied('it has too many alternatives for one rule') : { access, denied: null, stricter };
}

function denied(why: string): Demand {
  return { access: 'deny', denied: why, stricter: [] };
}

/** Scopes of the scheme that is imported, or why this alternative is not imported. */
function scopesOf(
  needed: readonly (readonly [string, SourceNode])[],
  { auth, others, declared }: SchemeChoice,
): readonly string[] | string {
  const [[name, list]] = needed as readonly [readonly [string, SourceNode]];
  const unknown = needed.find(([scheme]) => !declared.has(scheme));
  if (unknown !== undefined) return `there is no security scheme "${unknown[0]}"`;
  if (needed.length > 1) return 'it requires several credentials at once';
  if (name !== auth) return others;
  const scopes = textsOf(list);
  if (scopes === null) return 'its scopes are not a list of names';
  const odd = scopes.find((scope) => !roleName.test(scope));
  return odd === undefined ? scopes : `the scope ${JSON.stringify(odd)} cannot be the name of a role`;
}

/** The names and expressions of one rule are limited. */
const maxTerms = 60;

/** Null: it exceeds the limit. */
function anyOf(alternatives: readonly (readonly string[])[]): ImportedAccess | null {
  if (alternatives.some((scopes) => scopes.length === 0)) return 'authenticated';
  const sets = new Map(alternatives.map((scopes) => [...new Set(scopes)].sort()).map((set) => [set.join(' '), set]));
  const distinct = [...sets.values()];
  if (distinct.length === 1) return { any: [], all: distinct[0]! };
  const any = distinct.map((all) => (all.length === 1 ? all[0]! : { all }));
  return distinct.flat().length + distinct.length > maxTerms ? null : { any, all: [] };
}
