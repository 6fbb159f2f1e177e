/** What a reader of one format is given, and what it makes of the files. */
import type { ImportedRule, Leftover } from './imported-rule.ts';

export interface ReadSettings {
  /** Which of several ways to sign in the Auth API stands for, as the source names it; null: the only one. */
  readonly auth: string | null;
}

export interface ReadSource {
  readonly rules: readonly ImportedRule[];
  /** What has no bearing on who may. */
  readonly lost: readonly Leftover[];
  /** Header to field of the identity. */
  readonly identityHeaders: ReadonlyMap<string, string>;
  /** The way to sign in that the Auth API stands for; null: none. */
  readonly auth: string | null;
}

/** The one way to sign in, or why none is carried over. `found`: of the source, each once. `kind`: such as `security schemes`. */
export function chooseAuth(
  found: readonly string[],
  wanted: string | null,
  kind: string,
): { readonly auth: string | null; readonly others: string } {
  if (wanted !== null) return { auth: wanted, others: `it requires credentials other than those of ${wanted}` };
  if (found.length === 1) return { auth: found[0]!, others: '' };
  const names = [...found].sort().slice(0, 5).join(', ');
  return { auth: null, others: `several ${kind} are in use (${names}); choose one with --auth` };
}
