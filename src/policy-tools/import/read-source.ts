/** Input and output of a reader for one format. */
import type { ImportedRule, Leftover } from './imported-rule.ts';

export interface ReadSettings {
  /** The authentication scheme that the Auth API replaces, named as in the source; null: the only one. */
  readonly auth: string | null;
}

export interface ReadSource {
  readonly rules: readonly ImportedRule[];
  /** What does not affect access. */
  readonly lost: readonly Leftover[];
  /** The authentication scheme that the Auth API replaces; null: none. */
  readonly auth: string | null;
}

/**
 * The only authentication scheme, or why none is imported. `schemes`: schemes of the source, each once. `kind`: for example
 * `security schemes`.
 */
export function chooseAuth(
  schemes: readonly string[],
  wanted: string | null,
  kind: string,
): { readonly auth: string | null; readonly others: string } {
  if (wanted !== null) return { auth: wanted, others: `it requires credentials other than those of ${wanted}` };
  if (schemes.length === 1) return { auth: schemes[0]!, others: '' };
  const names = [...schemes].sort().slice(0, 5).join(', ');
  return { auth: null, others: `several ${kind} are in use (${names}); choose one with --auth` };
}
