/**
 * The most specific route wins here. A rule stays open only where the source gives it every request that its route takes;
 * for any other rule of which that is not certain, the route is denied.
 */
import { isMoreSpecific } from '../../core/url/path-pattern.ts';
import { deny, type ImportedRule } from './imported-rule.ts';
import { keyOf, type PathPattern, pathsMeet } from './path-patterns.ts';

export interface Placed {
  readonly rule: ImportedRule;
}

/** `isSafe`: no request that both can match is for `other` in the source, or both let in the same callers. */
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

/** Why a rule is denied that would take requests of another one. `such`: one of them, or empty. */
export function rivalry({ name, place }: ImportedRule, such = ''): string {
  return `its route would take requests that may be for ${name} (line ${place.line}), which requires something else${such}`;
}
