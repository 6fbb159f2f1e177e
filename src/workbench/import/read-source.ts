/** What a reader of one format is told, and what it makes of the files. */
import type { ImportedRule, Leftover } from './imported-rule.ts';

export interface ReadSettings {
  /** Lets `{name}` stand for segments of which the source takes only some. */
  readonly widen: boolean;
}

export interface ReadSource {
  /** Those without a pattern become no route, but close others that their requests would come to. */
  readonly rules: readonly ImportedRule[];
  readonly leftovers: readonly Leftover[];
  /** Roles that the source declares, besides those that rules name. */
  readonly roles: readonly string[];
  /** Header to field of the identity. */
  readonly identityHeaders: ReadonlyMap<string, string>;
}
