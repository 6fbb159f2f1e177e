/**
 * The most specific route wins in Rolegate. A rule stays open only if the source gives it every request that its route matches. If
 * that is not certain, the route is denied.
 */
import { isMoreSpecific } from '../../core/url/path-pattern.ts';
import { deny, type ImportedRule } from './imported-rule.ts';
import { keyOf, type PathPattern, pathsMeet } from './path-patterns.ts';

export interface Placed {
  readonly rule: ImportedRule;
}

/** `isSafe`: the source gives no request that both can match to `other`, or both let in the same callers. */
export function denyUncertain<T extends Placed>(
  placed: readonly T[],
  isSafe: (own: T, other: T) => boolean,
): ImportedRule[] {
  const keys = new Map(
    placed.flatMap(({ rule }) => (rule.pattern === null ? [] : [[rule.pattern, keyOf(rule.pattern)]])),
  );
  const takesFrom = (own: PathPattern, other: PathPattern) =>
    keys.get(own) === keys.get(other) || (pathsMeet(own, other) && isMoreSpecific(own, other));
  return placed.map((own) => {
    const { pattern } = own.rule;
    if (pattern === null || own.rule.access === 'deny') return own.rule;
    const rival = placed.find(
      (other) =>
        other !== own && other.rule.pattern !== null && takesFrom(pattern, other.rule.pattern) && !isSafe(own, other),
    );
    return rival === undefined ? own.rule : deny(own.rule, rivalry(rival.rule));
  });
}

/** Why a rule is denied whose route would match requests of another one. `such`: an example, or empty. */
export function rivalry({ name, place }: ImportedRule, such = ''): string {
  return `its route would match requests${such} that may belong to ${name} (line ${place.line}), which has other requirements`;
}
