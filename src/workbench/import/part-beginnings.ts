/**
 * A rule about every path that begins with "/api" also takes "/apix", which no pattern can say. What is around it (such
 * as "/**") gets a route of its own for segments beside it, with a condition that leaves the beginning out.
 */
import type { ConditionEntry } from './condition-entry.ts';
import { atLeastAsStrict, type ImportedRule, type Leftover } from './imported-rule.ts';
import { contains, keyOf, literalPath, type PathPattern, patternOf } from './path-shape.ts';
import type { Semantics } from './settle.ts';

export interface Parted {
  readonly rules: readonly ImportedRule[];
  /** For rules about beginnings: the pattern that takes what they leave. */
  readonly beside: ReadonlyMap<ImportedRule, PathPattern>;
  readonly leftovers: readonly Leftover[];
}

export function partBeginnings(rules: readonly ImportedRule[], semantics: Semantics): Parted {
  const keys = new Set(rules.flatMap(({ pattern }) => (pattern === null ? [] : [keyOf(pattern)])));
  const added = new Map<string, ImportedRule>();
  const beside = new Map<ImportedRule, PathPattern>();
  const leftovers: Leftover[] = [];
  for (const rule of rules) {
    const text = beginningOf(rule);
    if (text === null) continue;
    const base = baseOf(rule);
    const pattern = base === null ? null : patternOf(rule.shape.host, `${base}/{beside}/**`);
    const around = pattern === null ? undefined : closestAround(rule, pattern, rules, semantics);
    if (pattern === null || around === undefined || keys.has(keyOf(pattern))) continue;
    const before = added.get(keyOf(pattern));
    const condition: ConditionEntry = { not: { param: 'beside', startsWith: text }, reason: 'not_this_path' };
    added.set(keyOf(pattern), {
      ...around,
      shape: { host: pattern.host, segments: [...literals(rule), { kind: 'param' }], rest: true },
      pattern,
      when: unlessThere(before?.when ?? around.when, condition),
      remarks: [
        ...(before?.remarks ?? around.remarks),
        `paths that begin with ${base}/${text} are for ${rule.name}, as far as whole segments say it`,
      ],
    });
    beside.set(rule, pattern);
    leftovers.push({
      ...rule.place,
      what: rule.name,
      why: `paths such as ${base}/${text}x are refused: they are neither for its route nor for that of ${around.name} (line ${around.place.line})`,
    });
  }
  return { rules: [...rules, ...added.values()], beside, leftovers };
}

/** "api" of "/v1/api", "/v1/apix", and so on. */
function beginningOf({ shape, pattern, anyCase }: ImportedRule): string | null {
  const last = shape.segments.at(-1);
  const fitting = pattern !== null && !anyCase && shape.rest && last?.kind === 'some' && last.suffix === '';
  return fitting && last.prefix !== '' ? last.prefix : null;
}

function literals({ shape }: ImportedRule) {
  return shape.segments.slice(0, -1).filter((segment) => segment.kind === 'literal');
}

function baseOf(rule: ImportedRule): string | null {
  const known = literals(rule);
  if (known.length < rule.shape.segments.length - 1) return null;
  return known.map(({ text }) => `/${literalPath(text)}`).join('');
}

/** The rule to which what is left would come. */
function closestAround(
  rule: ImportedRule,
  pattern: PathPattern,
  rules: readonly ImportedRule[],
  semantics: Semantics,
): ImportedRule | undefined {
  const [closest] = rules
    .filter((other) => other !== rule && other.pattern !== null && other.pattern.host === pattern.host)
    .filter((other) => contains(other.pattern!, pattern) && other.methods === null && !semantics.wins(other, rule))
    .sort((a, b) => b.pattern!.segments.length - a.pattern!.segments.length);
  return closest === undefined || atLeastAsStrict(closest, rule) ? undefined : closest;
}

function unlessThere(entries: readonly ConditionEntry[], entry: ConditionEntry): readonly ConditionEntry[] {
  return entries.some((one) => JSON.stringify(one) === JSON.stringify(entry)) ? entries : [...entries, entry];
}
